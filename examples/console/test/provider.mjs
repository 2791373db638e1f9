import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** An OpenID Connect provider, where everybody who comes is logged in already as the same person. */
export class Provider {
  #keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  #logIns = new Map()
  #server = createServer((request, response) => this.#answer(request, response))

  constructor(claims) {
    this.claims = claims
  }

  static async open(claims) {
    const provider = new Provider(claims)
    provider.#server.listen(0, '127.0.0.1')
    await once(provider.#server, 'listening')
    return provider
  }

  close() {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`
  }

  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.url)
    if (pathname === '/authorize') {
      const code = randomUUID()
      this.#logIns.set(code, Object.fromEntries(searchParams))
      const back = new URL(searchParams.get('redirect_uri'))
      back.search = new URLSearchParams({ code, state: searchParams.get('state') })
      return response.writeHead(302, { Location: back.href }).end()
    }
    let body = ''
    for await (const part of request) body += part
    const json = this.#json(pathname, new URLSearchParams(body))
    response.writeHead(json ? 200 : 400, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(json ?? { error: 'invalid_grant' }))
  }

  #json(pathname, form) {
    if (pathname === '/keys')
      return { keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256', use: 'sig' }] }
    if (pathname === '/token') return this.#exchange(form)
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/keys`,
    }
  }

  #exchange(form) {
    const asked = this.#logIns.get(form.get('code'))
    this.#logIns.delete(form.get('code'))
    const digest = createHash('sha256').update(form.get('code_verifier') ?? '')
    if (asked?.code_challenge !== digest.digest('base64url')) return undefined
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: this.url, aud: asked.client_id, nonce: asked.nonce, iat: now, exp: now + 60, ...this.claims }
    const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const text = `${encode({ alg: 'RS256', kid: '1' })}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(text), this.#keys.privateKey).toString('base64url')
    return { access_token: randomUUID(), token_type: 'Bearer', id_token: `${text}.${signature}` }
  }
}
