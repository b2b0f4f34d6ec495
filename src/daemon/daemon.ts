import { createLoader, type Loader } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { openJournal } from '../history/journal.ts';
import { openOutputs } from '../history/outputs.ts';
import { createLister } from '../jails/lister.ts';
import { openMarkers } from '../keeper/markers.ts';
import type { Order } from '../keeper/orders.ts';
import { jailOf, NOTHING_OBSERVED, type Observed } from '../plan/observed.ts';
import { holdSocket, type ControlSocket } from './control-guard.ts';
import { execute } from './execute.ts';
import { createEnding, type Ending } from './ending.ts';
import { createFeed } from './feed.ts';
import { firstStanding } from './first-standing.ts';
import { createKeepers } from './keepers/keepers.ts';
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
import { createWritten } from './written.ts';

/** A daemon that runs. */
export interface Daemon {
  /** SIGHUP. */
  reload(): void;
  /** SIGUSR2. */
  reopenLog(): void;
  /** SIGTERM, SIGINT and `stop`: takes every probe away, lets commands finish, and ends. */
  stop(): Promise<unknown>;
  /** Why it does not do all it should although it runs: a keeper that is stopped. */
  readonly warning?: string;
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
 * @param asked aborted when the daemon is to end while it still starts: then it arms nothing and waits for nothing
 * @param version this package's, told by `status`
 * @throws Complaint: another daemon runs, a broken file without a keeper to go on with, a directory that is not ours
 */
export async function startDaemon(
  options: DaemonOptions,
  version: string,
  asked: AbortSignal,
): Promise<Daemon> {
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
    const claimed = (pidfile = claimPidfile(options.pidfile));
    const superseded = ended.then((code): never => {
      throw new Complaint(
        code === EXIT.busy ? EXIT.busy : EXIT.failed,
        'another daemon has taken over while this one started',
      );
    });
    superseded.catch(() => {}); // only of interest while it starts
    const starting = run({ options, version, socket, pidfile: claimed, log, end, asked });
    const daemon = await Promise.race([starting, superseded]);
    return { ...daemon, reopenLog: () => log.reopen(), ended };
  } catch (error) {
    pidfile?.remove();
    socket.close();
    throw error;
  }
}

type RunningDaemon = Omit<Daemon, 'ended' | 'reopenLog'>;

interface Run {
  readonly options: DaemonOptions;
  readonly version: string;
  readonly socket: ControlSocket;
  readonly pidfile: Pidfile;
  readonly log: LogSink;
  readonly end: (code: number) => void;
  readonly asked: AbortSignal;
}

/**
 * Puts the parts together and starts them, in an order in which nothing can be lost: what is remembered, what the file
 * wants, what the keeper has, and only then the verbs.
 */
async function run({ options, version, socket, pidfile, log, end, asked }: Run): Promise<RunningDaemon> {
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
  const markers = openMarkers(options.state);
  const written = createWritten(() => markers.runs());
  /** What cannot be written at the moment, and why. */
  const failing = new Map<string, string>();

  const looker = createLooker((event) => loop.post(event), createLister(PLATFORM));
  const hands = {
    send(order: Order) {
      // Nothing is armed any more by a daemon that ends.
      if ((ending.begun || asked.aborted) && (order.verb === 'arm' || order.verb === 'update')) return;
      keepers.send(order);
    },
    release: (epoch: string, id: string) => keepers.of(epoch)?.send({ verb: 'disarm', id }),
    look: (jails: readonly string[]) => looker.glance(jails),
    now: Date.now,
  };
  const loop = createLoop(wishFor(standing.config), {
    execute: (step) => execute(step, hands),
    record(lines) {
      journal.append(lines);
      feed.publish(lines);
      outputs.ended(lines.filter((line) => line.t === 'ended').length).catch(unpruned);
    },
    written,
    acknowledge: ({ epoch, seq }) => keepers.of(epoch)?.send({ verb: 'ack', seq }),
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
    markers,
    written,
    about: (id) => aboutProbe(loop, id),
    post: (...said) => loop.post(...said),
  });
  const keepers = createKeepers({
    state: options.state,
    settings: () => reloader.standing.config.settings,
    post: (...said) => loop.post(...said),
    lookAround: () => looker.glanceAround(),
    living: (epochs) => orphans.adopt(epochs),
    emptied: () => remember(reloader.standing),
    superseded() {
      log.say('error', 'another daemon has taken over the keeper; this one ends');
      end(EXIT.busy);
    },
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

  const ending: Ending = createEnding({
    loop,
    keepers,
    orphans,
    settings: () => reloader.standing.config.settings,
    say: (level, what) => log.say(level, what),
    async deafen() {
      looker.stop();
      await watch.close();
    },
    close(left) {
      log.say('info', 'stopped');
      finish(left.length === 0 ? EXIT.ok : EXIT.failed);
    },
    // A supervisor starts again what ends with an error; whoever has detached it starts the next one by himself.
    closeToLeave: () => finish(options.readyFd === undefined ? EXIT.busy : EXIT.ok),
  });

  function remember({ config, generation, digest }: Standing): void {
    attempt('the configuration cannot be remembered', () => {
      state.writeConfig(config);
      state.save({ generation, digest });
    });
  }

  function adopted(standing: Standing, changes: readonly Change[]): void {
    const { config, generation } = standing;
    remember(standing);
    journal.setBounds(config.settings.history).catch((error) => {
      log.say('error', 'the history cannot be shortened', reasonOf(error));
    });
    outputs.setTotal(config.settings.output.total);
    outputs.prune().catch(unpruned);
    keepers.limit(config.settings);
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
    post: (event) => loop.post(event),
    say: (...words) => log.say(...words),
  });
  await written.recall(journal.readBack());
  const adhoc = new Map(state.facts.adhoc.map((one) => [one.id, one]));
  const sightings = await looker.survey(whereaboutsOf(loop.wish, { ...NOTHING_OBSERVED, adhoc }));
  loop.post({ type: 'sighted', at: Date.now(), sightings });
  try {
    await keepers.engage();
  } catch (error) {
    throw new Complaint(EXIT.unavailable, `the keeper cannot be started: ${reasonOf(error)}`);
  }
  await settleAll(loop, asked);
  adopted(standing, []);

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
      keepers,
      ending,
      options,
    }),
  );

  function finish(code: number): void {
    socket.close();
    pidfile.remove();
    // The answer to who asked for it is still on its way out.
    setImmediate(() => {
      loop.stop();
      journal.close();
      end(code);
    });
  }

  return {
    reload: () => void reload(),
    stop: () => ending.stop(),
    ...warningOf(loop.observed),
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

function warningOf({ silent, keeper }: Observed): { warning?: string } {
  const [mute] = silent.values();
  const pid = mute?.pid ?? keeper?.pid;
  if (!mute && !keeper?.stopped) return {};
  const state = mute && !mute.stopped ? 'does not answer' : 'is stopped';
  return {
    warning: `the keeper${pid === undefined ? '' : `, pid ${pid},`} ${state}: its probes stay, and nothing is armed or changed until it goes on`,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
