export type EarlySignal = 'SIGHUP' | 'SIGTERM' | 'SIGINT' | 'SIGUSR1' | 'SIGUSR2';

/** The signals that the entry file has caught since the first instant of the program. */
export interface Signals {
  /** Hands over what came so far and what comes: for the daemon. */
  handle(handler: (signal: EarlySignal) => void): void;
  /** Gives them back their ordinary meaning, and sends again what came so far: for every other command. */
  release(): void;
}
