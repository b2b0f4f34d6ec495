import { createLoader } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { createControlServer } from '../control/server.ts';
import { Complaint, EXIT } from '../control/protocol.ts';
import { recallTriggers } from '../history/history.ts';
import { openJournal } from '../history/journal.ts';
import { openOutputs } from '../history/outputs.ts';
import { findKeepers } from '../keeper/start.ts';
import { NOTHING_OBSERVED } from '../plan/observed.ts';
import { listenOn, refuseSecondDaemon } from './control-socket.ts';
import { execute } from './execute.ts';
import { createFeed } from './feed.ts';
import { firstStanding } from './first-standing.ts';
import { linkKeeper, type KeeperLink } from './keeper-link.ts';
import { openLog } from './log-sink.ts';
import { createLooker } from './looker.ts';
import { createLoop } from './loop.ts';
import type { DaemonOptions } from './options.ts';
import { checkSocketLengths, prepareStateDirectory, removeQuietly, writePidfile } from './paths.ts';
import { createReloader, whereaboutsOf, wishFor, type Standing } from './reloader.ts';
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
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number>;
}

/** The version that this package bears; told by `status`. */
export interface Identity {
  readonly version: string;
}

/**
 * Puts the parts together and starts them, in an order in which nothing can be lost: what is remembered, what the file
 * wants, what the keeper has, and only then the socket and the pidfile.
 *
 * @throws Complaint: another daemon runs, a broken file without a keeper to go on with, a directory that is not ours
 */
export async function startDaemon(options: DaemonOptions, { version }: Identity): Promise<Daemon> {
  const startedAt = Date.now();
  checkSocketLengths(options.socket, options.state);
  await refuseSecondDaemon(options.socket);
  prepareStateDirectory(options.state);
  const log = openLog(options.log, options.logFormat);
  const state = openStateFile(options.state);
  const loader = createLoader(options.config, { owner: process.getuid?.() ?? 0, lenient: false });
  const { standing, involved, events } = await firstStanding(
    options,
    loader,
    state,
    (await findKeepers(options.state)).length > 0,
  );

  const { settings } = standing.config;
  const journal = openJournal(options.state, settings.history);
  const outputs = openOutputs(options.state, settings.output.total);
  const feed = createFeed();
  const wish = wishFor(standing.config);
  let link: KeeperLink | undefined;
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => (end = resolve));

  const looker = createLooker((event) => loop.post(event));
  const loop = createLoop(wish, {
    execute: (step) =>
      execute(step, {
        send: (order) => link?.send(order),
        look: (jails) => looker.glance(jails),
        now: Date.now,
      }),
    record(lines) {
      journal.append(lines);
      feed.publish(lines);
      if (lines.some((line) => line.t === 'ended')) void outputs.prune();
    },
    acknowledge: (seq) => link?.send({ verb: 'ack', seq }),
    save(observed) {
      looker.follow(whereaboutsOf(loop.wish, observed), reloader.standing.config.settings.rescan);
      state.save(factsOf(observed));
    },
    log: (event) => log.log(event),
    now: Date.now,
  });

  const watch = watchConfig(involved, () => void reloader.reload());
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

  function adopted({ config, generation, digest }: Standing): void {
    state.writeConfig(config);
    state.save({ generation, digest });
    journal.setBounds(config.settings.history);
    outputs.setTotal(config.settings.output.total);
    link?.limit(config.settings);
    looker.follow(whereaboutsOf(loop.wish, loop.observed), config.settings.rescan);
  }

  loop.post(rememberedEvent(state.facts, startedAt), ...events);
  const past = await recallTriggers(journal.read());
  loop.post({ type: 'recalled', at: startedAt, probes: [...past].map(([id, probe]) => ({ id, ...probe })) });
  const sightings = await looker.survey(
    whereaboutsOf(wish, {
      ...NOTHING_OBSERVED,
      adhoc: new Map(state.facts.adhoc.map((adhoc) => [adhoc.id, adhoc])),
    }),
  );
  loop.post({ type: 'sighted', at: Date.now(), sightings });
  try {
    link = await linkKeeper({
      state: options.state,
      settings: () => reloader.standing.config.settings,
      post: (...said) => loop.post(...said),
      superseded: () => {
        log.log({
          type: 'daemon',
          at: Date.now(),
          level: 'error',
          what: 'another daemon has taken over the keeper; this one ends',
        });
        close();
        end(EXIT.busy);
      },
    });
  } catch (error) {
    close();
    throw new Complaint(EXIT.unavailable, `the keeper cannot be started: ${(error as Error).message}`);
  }
  await loop.until(() => (loop.observed.keeper?.listed ? true : undefined), 30_000);
  adopted(standing);

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopNow());
  const server = createControlServer(
    createHandlers({
      loop,
      reloader,
      looker,
      journal,
      outputs,
      feed,
      state,
      config: options.config,
      version,
      startedAt,
      keeper: () => link?.keeper,
      stop,
    }),
    (error) =>
      log.log({
        type: 'daemon',
        at: Date.now(),
        level: 'error',
        what: 'a request failed',
        why: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
  await listenOn(server, options.socket);
  writePidfile(options.pidfile);
  await settleAll(loop);

  function close(): void {
    loop.stop();
    looker.stop();
    void watch.close();
  }

  async function stopNow(): Promise<void> {
    log.log({ type: 'daemon', at: Date.now(), level: 'info', what: 'stopping: every probe is taken away' });
    looker.stop();
    await watch.close();
    await link?.quit(reloader.standing.config.settings.grace);
    server.close();
    removeQuietly(options.socket);
    removeQuietly(options.pidfile);
    log.log({ type: 'daemon', at: Date.now(), level: 'info', what: 'stopped' });
    // The answer to `stop` is still on its way out.
    setImmediate(() => {
      close();
      journal.close();
      end(EXIT.ok);
    });
  }

  return {
    reload: () => void reloader.reload(),
    reopenLog: () => log.reopen(),
    stop,
    ended,
  };
}
