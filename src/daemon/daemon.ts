import { createLoader, type Loader } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { openJournal } from '../history/journal.ts';
import { openOutputs } from '../history/outputs.ts';
import { createLister } from '../jails/lister.ts';
import { openMarkers } from '../keeper/markers.ts';
import { jailOf, NOTHING_OBSERVED } from '../plan/observed.ts';
import { holdSocket, type ControlSocket } from './control-guard.ts';
import { execute } from './execute.ts';
import { createFeed } from './feed.ts';
import { firstStanding } from './first-standing.ts';
import { linkKeeper, type KeeperLink } from './keeper-link.ts';
import { openLog, type LogSink } from './log-sink.ts';
import { createLooker } from './looker.ts';
import { createLoop, type Loop } from './loop.ts';
import { ownFiles, type DaemonOptions } from './options.ts';
import { checkSocketLengths, prepareStateDirectory, refuseUntrustedWay } from './paths.ts';
import { claimPidfile, type Pidfile } from './pidfile.ts';
import { watchOrphans } from './orphans.ts';
import { totalsOf, type Change } from '../plan/plan.ts';
import { recall } from './recall.ts';
import { createReloader, whereaboutsOf, wishFor, type Standing } from './reloader.ts';
import { PLATFORM } from '../platform.ts';
import { createHandlers } from './requests/handlers.ts';
import { settleAll } from './settle.ts';
import { factsOf, openStateFile, rememberedEvent } from './state-file.ts';

/** A daemon that runs. */
export interface Daemon {
  /** SIGHUP. */
  reload(): void;
  /** SIGUSR2. */
  reopenLog(): void;
  /** SIGTERM, SIGINT and `stop`: takes every probe away, lets commands finish, and ends. */
  stop(): Promise<void>;
  /** A fault that nothing has caught: it is logged, and the daemon ends; keeper and probes go on. */
  fail(error: unknown): void;
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number>;
}

/** The exit code after a fault of ours, EX_SOFTWARE. */
const SOFTWARE = 70;

/**
 * Claims the socket and the pidfile, then starts the daemon behind them.
 *
 * @param version this package's, told by `status`
 * @throws Complaint: another daemon runs, a broken file without a keeper to go on with, a directory that is not ours
 */
export async function startDaemon(options: DaemonOptions, version: string): Promise<Daemon> {
  checkSocketLengths(options.socket, options.state);
  for (const path of [options.state, options.socket, options.pidfile]) refuseUntrustedWay(path);
  prepareStateDirectory(options.state);
  const log = openLog(options.log, options.logFormat);
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => (end = resolve));
  const hello = async () => ({ pid: process.pid, version });
  const socket = await holdSocket(options.socket, options.pidfile, hello, {
    failed: (error) => log.say('error', 'a request failed', reasonOf(error)),
    lost() {
      log.say('error', `another daemon has taken ${options.socket}; this one ends`);
      end(EXIT.busy);
    },
  });
  let pidfile: Pidfile | undefined;
  try {
    pidfile = claimPidfile(options.pidfile);
    return {
      ...(await run(options, version, socket, pidfile, log, end)),
      reopenLog: () => log.reopen(),
      ended,
    };
  } catch (error) {
    pidfile?.remove();
    socket.close();
    throw error;
  }
}

/**
 * Puts the parts together and starts them, in an order in which nothing can be lost: what is remembered, what the file
 * wants, what the keeper has, and only then the verbs.
 */
async function run(
  options: DaemonOptions,
  version: string,
  socket: ControlSocket,
  pidfile: Pidfile,
  log: LogSink,
  end: (code: number) => void,
): Promise<Omit<Daemon, 'ended' | 'reopenLog'>> {
  const startedAt = Date.now();
  const state = openStateFile(options.state);
  const loader: Loader = createLoader(options.config, {
    owner: process.getuid?.() ?? 0,
    lenient: false,
    own: ownFiles(options),
  });
  const { standing, involved, events } = await firstStanding(options, loader, state);

  const { settings } = standing.config;
  const journal = openJournal(options.state, settings.history);
  const outputs = openOutputs(options.state, settings.output.total);
  const feed = createFeed();
  let link: KeeperLink | undefined;
  let stopping: Promise<void> | undefined;
  /** What cannot be written at the moment, and why. */
  const failing = new Map<string, string>();

  const looker = createLooker((event) => loop.post(event), createLister(PLATFORM));
  const hands = {
    send(order: Parameters<KeeperLink['send']>[0]) {
      // Nothing is armed any more by a daemon that takes everything away.
      if (stopping && (order.verb === 'arm' || order.verb === 'update')) return;
      link?.send(order);
    },
    look: (jails: readonly string[]) => looker.glance(jails),
    now: Date.now,
  };
  const loop = createLoop(wishFor(standing.config), {
    execute: (step) => execute(step, hands),
    record(lines) {
      journal.append(lines);
      feed.publish(lines);
      orphans.written(lines);
      outputs.ended(lines.filter((line) => line.t === 'ended').length).catch(unpruned);
    },
    acknowledge: ({ seq }) => link?.send({ verb: 'ack', seq }),
    settled: () => orphans.settled(),
    save(observed) {
      looker.follow(whereaboutsOf(loop.wish, observed), reloader.standing.config.settings.rescan);
      return attempt('the state cannot be written', () => state.save(factsOf(observed)));
    },
    log: (event) => log.log(event),
    now: Date.now,
  });

  function unpruned(error: unknown): void {
    log.say('error', 'old outputs cannot be removed', reasonOf(error));
  }

  const orphans = watchOrphans({
    markers: openMarkers(options.state),
    about: (id) => aboutProbe(loop, id),
    post: (...said) => loop.post(...said),
  });
  const watch = watchConfig(involved, () => void reload());
  const reloader = createReloader(
    {
      file: options.config,
      load: () => loader.load(),
      loop,
      looker,
      adopted,
      involves: (paths) => watch.update(paths),
    },
    standing,
  );

  function adopted({ config, generation, digest }: Standing, changes: readonly Change[]): void {
    attempt('the configuration cannot be remembered', () => {
      state.writeConfig(config);
      state.save({ generation, digest });
    });
    journal.setBounds(config.settings.history);
    outputs.setTotal(config.settings.output.total);
    outputs.prune().catch(unpruned);
    link?.limit(config.settings);
    looker.follow(whereaboutsOf(loop.wish, loop.observed), config.settings.rescan);
    const totals = Object.entries(totalsOf(changes)).map(([action, count]) => `${count} ${action}`);
    log.say(
      'info',
      `generation ${generation} of ${options.config} holds`,
      totals.length > 0 ? totals.join(', ') : undefined,
    );
  }

  /** By a signal or by a change of the files: nobody waits for the answer, the log has it. */
  async function reload(): Promise<void> {
    try {
      await reloader.reload(false);
    } catch (error) {
      log.say('error', 'the reload failed; what held goes on', reasonOf(error));
    }
  }

  /** What fails for want of room on the disk is said, once, and must not end a daemon whose probes are armed. */
  function attempt(what: string, write: () => void): boolean {
    try {
      write();
      failing.delete(what);
      return true;
    } catch (error) {
      const why = reasonOf(error);
      if (failing.get(what) !== why) log.say('error', what, why);
      failing.set(what, why);
      return false;
    }
  }

  loop.post(rememberedEvent(state.facts, startedAt), ...events);
  await recall({
    journal,
    feed,
    post: (event) => loop.post(event),
    say: (...words) => log.say(...words),
  });
  await orphans.recall(journal.readBack());
  const adhoc = new Map(state.facts.adhoc.map((one) => [one.id, one]));
  const sightings = await looker.survey(whereaboutsOf(loop.wish, { ...NOTHING_OBSERVED, adhoc }));
  loop.post({ type: 'sighted', at: Date.now(), sightings });
  try {
    link = await linkKeeper({
      state: options.state,
      settings: () => reloader.standing.config.settings,
      post: (...said) => loop.post(...said),
      lookAround: () => looker.glanceAround(),
      found: (epoch) => orphans.adopt(epoch),
      superseded() {
        log.say('error', 'another daemon has taken over the keeper; this one ends');
        end(EXIT.busy);
      },
    });
  } catch (error) {
    throw new Complaint(EXIT.unavailable, `the keeper cannot be started: ${reasonOf(error)}`);
  }
  await loop.until(() => (loop.observed.keeper?.listed ? true : undefined), 30_000);
  adopted(standing, []);

  const stop = (): Promise<void> => (stopping ??= stopNow());
  await settleAll(loop);
  const keeper = () => link?.keeper;
  socket.open(
    createHandlers({
      loop,
      reloader,
      looker,
      journal,
      outputs,
      feed,
      state,
      config: options.config,
      own: ownFiles(options),
      version,
      startedAt,
      keeper,
      stop,
    }),
  );

  async function stopNow(): Promise<void> {
    log.say('info', 'stopping: every probe is taken away');
    looker.stop();
    orphans.stop();
    await watch.close();
    await link?.quit(reloader.standing.config.settings.grace);
    socket.close();
    pidfile.remove();
    log.say('info', 'stopped');
    // The answer to `stop` is still on its way out.
    setImmediate(() => {
      loop.stop();
      journal.close();
      end(EXIT.ok);
    });
  }

  return {
    reload: () => void reload(),
    stop,
    fail(error) {
      log.say(
        'error',
        'a fault of jaildaemon ends the daemon; keeper and probes go on',
        error instanceof Error ? error.stack : String(error),
      );
      end(SOFTWARE);
    },
  };
}

/** By the definition that holds now; that of the run died with its keeper. */
function aboutProbe(loop: Loop, id: string): { timeout: number; killAfter: number } {
  const probe = loop.desired.forJail(jailOf(loop.observed, id)).get(id)?.probe;
  return { timeout: probe?.timeout ?? 0, killAfter: probe?.killAfter ?? 0 };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
