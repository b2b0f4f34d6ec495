/**
 * Shell text that waits until a file is there. Where the story has ended without opening it, its folder is gone, and so is
 * the wait: nothing is left behind.
 */
export function untilThere(file: string): string {
  return `while [ ! -e ${file} ] && [ -d "$(dirname ${file})" ]; do sleep 0.02; done`;
}
