/**
 * Reads `ps -ax -o JID= -o pid= -o state=`: the pids of the processes in each jail, zombies apart. Numbers of the kernel alone:
 * nothing in it was chosen by a process.
 */
export function parseResidents(printed: Buffer): Map<number, number[]> {
  const residents = new Map<number, number[]>();
  for (const line of printed.toString('latin1').split('\n')) {
    const [, jail, pid, state] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*$/.exec(line) ?? [];
    if (jail === undefined || pid === undefined || jail === '0' || state?.includes('Z')) continue;
    const inside = residents.get(Number(jail));
    if (inside) inside.push(Number(pid));
    else residents.set(Number(jail), [Number(pid)]);
  }
  return residents;
}
