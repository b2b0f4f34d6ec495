/** Options that every command has. */
export interface Common {
  readonly socket: string;
  readonly json: boolean;
}
