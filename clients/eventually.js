// Waiting for asynchronous results.
import { setTimeout as pause } from 'node:timers/promises';

/** Returns the result of `get` once it is truthy, and fails after half a minute. */
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
