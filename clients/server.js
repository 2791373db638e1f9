// The CRM's binary as a child process, with its data in a separate folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const binary = process.env.CRM_BINARY ?? fileURLToPath(new URL('.build/crm', import.meta.url));

/** Starts a server that is stopped after the test `t`; `variables` configure it. */
export async function startServer(t, variables = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'crm-clients-'));
  const server = new Server(folder, variables);
  t.after(async () => {
    await server.kill();
    await rm(folder, { recursive: true });
  });
  await server.start();
  return server;
}

class Server {
  #folder;
  #variables;
  #process;
  #log = '';
  #port = '0';

  constructor(folder, variables) {
    this.#folder = folder;
    this.#variables = variables;
  }

  get origin() {
    return `http://localhost:${this.#port}`;
  }

  get url() {
    return `${this.origin}/graphql`;
  }

  get socketUrl() {
    return this.url.replace('http', 'ws');
  }

  /** Starts the program: the first time on a free port, later on the same one. */
  async start() {
    this.#process = spawn(binary, [], {
      cwd: this.#folder,
      env: { PATH: process.env.PATH, PORT: this.#port, PASSWORD_COST: '10', ...this.#variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stderr.on('data', (chunk) => (this.#log += chunk));
    let greeting = '';
    for await (const chunk of this.#process.stdout.iterator({ destroyOnReturn: false })) {
      greeting += chunk;
      const address = /^GraphQL +http:\/\/localhost:(\d+)\/graphql$/m.exec(greeting);
      if (address) {
        this.#port = address[1];
        this.#process.stdout.resume();
        return;
      }
    }
    throw new Error(`the server did not start: ${greeting}${this.#log}`);
  }

  /** Stops the server after it has finished its requests. */
  async stop() {
    await this.#end('SIGTERM');
    if (this.#process.exitCode !== 0) {
      throw new Error(`the server exited with ${this.#process.exitCode}: ${this.#log}`);
    }
  }

  /** Kills the server, as a power cut would. */
  async kill() {
    await this.#end('SIGKILL');
  }

  async #end(signal) {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) {
      return;
    }
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }
}
