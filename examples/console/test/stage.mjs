import { after, before, test } from 'node:test'
import { Visitor } from './visitor.mjs'
import { openBrowser, Server, servePage, whatIsMissing } from './world.mjs'

// All scenarios share a server, a page and a browser with its visitors; each continues after the previous one.

const skip = whatIsMissing()

export const password = 'a-long-secret'

/** `server`, `browser`, and the visitors `staff` (an admin), `customer` and later `colleague` (a user). */
export const stage = {}

before(async () => {
  if (skip) return
  stage.server = await Server.open()
  stage.page = await servePage(stage.server)
  stage.browser = await openBrowser()
  stage.staff = await open('#staff')
  stage.customer = await open('#customer')
})

after(async () => {
  await stage.browser?.close()
  await stage.page?.close()
  await stage.server?.close()
})

export const home = () => stage.page.resolvedUrls.local[0]

/** Opens an address in a new browser context, or in another tab of a visitor's. */
export const open = (address, next) => Visitor.open(stage.browser, new URL(address, home()).href, next)

/** Opens an address in another tab of a visitor's, which gets no live updates. */
export async function openBlind(address, next) {
  const blind = await Visitor.open(stage.browser, 'about:blank', next)
  await blind.tab.routeWebSocket('**/graphql', () => undefined)
  await blind.tab.goto(address)
  return blind
}

export const scenario = (name, steps) => test(name, { skip, timeout: 60_000 }, () => steps(stage))
