import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { preview } from 'vite'

/** The server's program: CRM_BINARY, or the output of `go build -o crm .` at the top of the repository. */
const binary = process.env.CRM_BINARY ?? join(import.meta.dirname, '../../../crm')

const browsers = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Returns why the tests can't run, or false. */
export function whatIsMissing() {
  if (!existsSync(binary)) return `there is no server at ${binary}: set CRM_BINARY`
  if (!browsers.some((path) => path && existsSync(path))) return 'no Chromium is installed: set CHROMIUM'
  return false
}

/** The real server with an empty store, which can be stopped and restarted on the same port. */
export class Server {
  #folder
  #process
  port = '0'
  /** What configures it from the next start on. */
  variables = {}

  static async open() {
    const server = new Server()
    server.#folder = await mkdtemp(join(tmpdir(), 'crm-console-'))
    await server.start()
    return server
  }

  async start() {
    // The tests' environment must not configure the server.
    const env = { PATH: process.env.PATH, PORT: this.port, LOG_LEVEL: 'error', PASSWORD_COST: '10', ...this.variables }
    this.#process = spawn(binary, { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface(this.#process.stdout)) {
      const [, port] = line.match(/^GraphQL .*:(\d+)\/graphql$/) ?? []
      if (!port) continue
      this.port = port
      return
    }
    throw new Error('the server did not start')
  }

  /** Adds the sample data, while the server runs. */
  async fillWithDemo() {
    const demo = spawn(binary, ['demo'], { cwd: this.#folder, env: { PATH: process.env.PATH }, stdio: 'inherit' })
    const [code] = await once(demo, 'exit')
    if (code !== 0) throw new Error(`crm demo has failed with ${code}`)
  }

  async stop() {
    if (this.#process.exitCode !== null) return
    this.#process.kill('SIGTERM')
    await once(this.#process, 'exit')
  }

  async close() {
    await this.stop()
    await rm(this.#folder, { recursive: true })
  }

  get url() {
    return `http://localhost:${this.port}`
  }

  /** Sends an operation with a token. */
  async send(query, variables, token) {
    const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }
    const body = JSON.stringify({ query, variables })
    const { data, errors } = await (await fetch(`${this.url}/graphql`, { method: 'POST', headers, body })).json()
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }

  /** Receives a mail, as from a mail service; INBOUND_SECRET is among the variables. */
  async receive(mail) {
    const headers = { 'Content-Type': 'message/rfc822', Authorization: `Bearer ${this.variables.INBOUND_SECRET}` }
    const response = await fetch(`${this.url}/inbound`, { method: 'POST', headers, body: mail })
    if (!response.ok) throw new Error(`the mail was refused with ${response.status}`)
  }

  /** Waits for mail to an address with a text in it, and returns the address. */
  mailTo(address, text) {
    return eventually(
      async () =>
        (await this.#mailbox()).find((mail) => mail.recipient === address && mail.text.includes(text))?.recipient,
    )
  }

  async #mailbox() {
    const response = await fetch(`${this.url}/dev/mailbox`, { headers: { Accept: 'application/json' } })
    return (await response.json()).messages
  }

  /** Returns the newest link for an action that an address was mailed, and that `used` doesn't contain. */
  mailedLink(action, address, used = []) {
    return eventually(async () => {
      return (await this.#mailbox())
        .filter(({ recipient }) => recipient === address)
        .map(({ text }) => text.match(/\S+#token=\S+/)?.[0])
        .find((link) => link?.includes(`/${action}#`) && !used.includes(link))
    })
  }
}

/** Returns the result of `read` once there is one. */
async function eventually(read) {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await pause(50)) {
    const result = await read()
    if (result !== undefined) return result
  }
  throw new Error(`nothing within 15 seconds: ${read}`)
}

/** Serves the output of `npm run build`, with the API of a server at the same origin. */
export async function servePage(server) {
  const target = server.url
  const proxy = { '/graphql': { target, ws: true }, '/uploads': { target }, '/files': { target } }
  return preview({ root: join(import.meta.dirname, '..'), logLevel: 'silent', preview: { port: 0, proxy } })
}

/** Chromium without requests to Google. Containers in which tests run as root support no sandbox. */
export const openBrowser = () =>
  chromium.launch({
    executablePath: browsers.find((path) => path && existsSync(path)),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
