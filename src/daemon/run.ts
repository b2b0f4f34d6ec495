import { createLoader } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { EXIT } from '../control/protocol.ts';
import { createLister } from '../jails/lister.ts';
import type { Order } from '../keeper/orders.ts';
import { PLATFORM } from '../platform.ts';
import { totalsOf, type Change } from '../plan/plan.ts';
import { reasonOf, traceOf } from '../reason.ts';
import { begin, standstillOf } from './begin.ts';
import type { ControlSocket } from './control-guard.ts';
import { openDisk } from './disk.ts';
import { createEnding } from './ending.ts';
import { execute } from './execute.ts';
import { firstStanding } from './first-standing.ts';
import { createKeepers } from './keepers/keepers.ts';
import type { LogSink } from './log-sink.ts';
import { createLooker } from './looker.ts';
import { createLoop } from './loop.ts';
import { ownFiles, type DaemonOptions } from './options.ts';
import { limitsOf, watchOrphans } from './orphans.ts';
import type { Pidfile } from './pidfile.ts';
import { createReloader, type Standing } from './reloader.ts';
import { whereaboutsOf, wishFor } from './wish.ts';
import { createHandlers } from './requests/handlers.ts';
import { noteHolder } from './state-claim.ts';
import { openStateFile } from './state-file.ts';

/** What signals and faults do to a daemon. */
export interface RunningDaemon {
  /** SIGHUP. */
  reload(): void;
  /** SIGTERM, SIGINT and `stop`: takes every probe away, lets commands finish, and ends. */
  stop(): Promise<unknown>;
  /** Why it does not do all it should although it runs: a keeper that is stopped, a file with errors. */
  readonly warning?: string;
  /** A fault that nothing has caught: it is logged, and the daemon ends; keeper and probes go on. */
  fail(error: unknown): void;
}

export interface Run {
  readonly options: DaemonOptions;
  readonly version: string;
  readonly socket: ControlSocket;
  readonly pidfile: Pidfile;
  readonly log: LogSink;
  /** Ends the process. */
  readonly end: (code: number) => void;
  readonly asked: AbortSignal;
}

/** The exit code after a fault of ours, EX_SOFTWARE. */
const SOFTWARE = 70;

/** Puts the parts together, lets them begin, and opens the socket for requests: all wiring, nothing is decided here. */
export async function run({
  options,
  version,
  socket,
  pidfile,
  log,
  end,
  asked,
}: Run): Promise<RunningDaemon> {
  const startedAt = Date.now();
  const own = ownFiles(options);
  const state = openStateFile(options.state);
  const loader = createLoader(options.config, { owner: process.getuid?.() ?? 0, lenient: false, own });
  const { standing, involved, events } = await firstStanding(options, loader, state);
  const settings = () => reloader.standing.config.settings;
  const disk = openDisk(options.state, state, standing.config.settings, (what, why) =>
    log.say('error', what, why),
  );
  const { journal, outputs, feed, markers, written } = disk;

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
    record: (lines) => disk.record(lines),
    written,
    acknowledge: ({ epoch, seq }) => keepers.of(epoch)?.send({ verb: 'ack', seq }),
    settled: () => orphans.settled(),
    save(observed) {
      looker.follow(whereaboutsOf(loop.wish, observed), settings().rescan);
      return disk.save(observed);
    },
    log: (event) => log.log(event),
    now: Date.now,
  });
  const orphans = watchOrphans({
    markers,
    written,
    about: (id) => limitsOf(loop, id),
    post: (...said) => loop.post(...said),
  });
  const keepers = createKeepers({
    state: options.state,
    settings,
    post: (...said) => loop.post(...said),
    lookAround: () => looker.glanceAround(),
    living: (epochs) => orphans.adopt(epochs),
    emptied() {
      noteHolder(options.state, options.socket);
      disk.remember(reloader.standing);
    },
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
  const ending = createEnding({
    loop,
    keepers,
    orphans,
    settings,
    say: (...words) => log.say(...words),
    async deafen() {
      looker.stop();
      await watch.close();
    },
    supervised: options.readyFd === undefined,
    close,
  });

  function adopted(now: Standing, changes: readonly Change[]): void {
    disk.remember(now);
    disk.bound(now.config.settings);
    keepers.limit(now.config.settings);
    looker.follow(whereaboutsOf(loop.wish, loop.observed), now.config.settings.rescan);
    const totals = Object.entries(totalsOf(changes)).map(([action, count]) => `${count} ${action}`);
    const what = `generation ${now.generation} of ${options.config} holds`;
    log.say('info', what, totals.length > 0 ? totals.join(', ') : undefined);
  }

  /** By a signal or by a change of the files: nobody waits for the answer, the log has it. */
  async function reload(): Promise<void> {
    try {
      await reloader.reload(false);
    } catch (error) {
      log.say('error', 'the reload failed; what held goes on', reasonOf(error));
    }
  }

  function close(code: number): void {
    socket.close();
    pidfile.remove();
    // The answer to who asked for it is still on its way out.
    setImmediate(() => {
      loop.stop();
      journal.close();
      end(code);
    });
  }

  await begin({ loop, looker, keepers, disk, say: (...words) => log.say(...words) }, events, asked);
  // Not what it began with: the file may have been edited since, and taken over.
  adopted(reloader.standing, []);
  const services = { loop, reloader, looker, journal, outputs, feed, state, keepers, ending };
  socket.open(createHandlers({ ...services, config: options.config, own, version, startedAt, options }));
  const { error, generation } = reloader.standing;
  const warning =
    standstillOf(loop.observed) ??
    (error &&
      `${options.config} has errors: generation ${generation} goes on; "jaildaemon status" tells them`);

  return {
    reload: () => void reload(),
    stop: () => ending.stop().catch(() => {}), // the log says why, and it ends with an error
    ...(warning !== undefined && { warning }),
    fail(error) {
      const what = 'a fault of jaildaemon ends the daemon; keeper and probes go on';
      log.say('error', what, traceOf(error));
      end(SOFTWARE);
    },
  };
}
