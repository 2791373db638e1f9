// Waiting for what happens by itself.
import { setTimeout as pause } from 'node:timers/promises';

/** Returns what `get` does once that is true, and fails if it isn't within half a minute. */
export async function eventually(get) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await get();
    if (value) {
      return value;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within half a minute: ${get}`);
    }
    await pause(10);
  }
}
