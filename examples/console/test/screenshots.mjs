// Takes the README's pictures, with the data of `crm demo`: `npm run screenshots`, after `npm run build`.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Visitor } from './visitor.mjs'
import { openBrowser, Server, servePage, whatIsMissing } from './world.mjs'

const missing = whatIsMissing()
if (missing) throw new Error(missing)
const folder = join(import.meta.dirname, '../../../docs/images')
await mkdir(folder, { recursive: true })
const server = await Server.open()
const page = await servePage(server)
const browser = await openBrowser()
try {
  await server.fillWithDemo()
  await takeConsole()
  await takePlayground()
} finally {
  await browser.close()
  await page.close()
  await server.close()
}

function take(tab, name) {
  return tab.screenshot({ path: join(folder, `${name}.png`) })
}

async function takeConsole() {
  const visitor = await Visitor.open(browser, new URL('#staff', page.resolvedUrls.local[0]).href)
  await visitor.fill('Log in', { 'E-mail': 'staff1@demo.example', Password: 'demo-password' })
  await visitor.isLive()
  await visitor.tab
    .getByRole('link', { name: await busyCustomer() })
    .first()
    .click()
  await visitor.tab.getByRole('article').nth(1).waitFor()
  await visitor.tab.evaluate(() => window.scrollTo(0, 0))
  await take(visitor.tab, 'console')
}

/** Returns the name of a customer whose interactions have tickets. */
async function busyCustomer() {
  const { logInUser } = await server.send(
    'mutation { logInUser(input: { email: "staff1@demo.example", password: "demo-password" }) { tokens { accessToken } } }',
  )
  const { customers } = await server.send(
    `{ customers(first: 20, orderBy: [{ field: NAME }]) { nodes { name interactions(first: 9) { nodes { tickets { totalCount } } } } } }`,
    {},
    logInUser.tokens.accessToken,
  )
  const tickets = ({ interactions }) => interactions.nodes.reduce((sum, { tickets }) => sum + tickets.totalCount, 0)
  return customers.nodes.toSorted((a, b) => tickets(b) - tickets(a))[0].name
}

async function takePlayground() {
  const visitor = await Visitor.open(browser, server.url)
  const { tab } = visitor
  await tab.waitForFunction(
    () => document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getOption('lint')?.schema,
  )
  await run(
    'mutation { logInUser(input: { email: "admin@demo.example", password: "demo-password" }) { tokens { accessToken } } }',
  )
  await tab.getByText(/^Logged in as a user/).waitFor()
  await tab.click('.graphiql-tab:nth-child(2) button')
  await tab.click('.graphiql-toggle-editor-tools')
  await tab.waitForFunction(() =>
    document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue().includes('customers('),
  )
  await tab.click('.graphiql-execute-button')
  await tab.waitForFunction(() =>
    document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes('"interactions"'),
  )
  await tab.click('button[aria-label="Show Documentation Explorer"]')
  await tab.click('.graphiql-doc-explorer a:has-text("Query")')
  await tab
    .getByText(/Roles: ADMIN/)
    .first()
    .waitFor()
  await take(tab, 'playground')

  async function run(text) {
    await tab.evaluate(
      (query) => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue(query),
      text,
    )
    await tab.waitForFunction(
      (query) =>
        document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.documentAST?.loc.source.body === query,
      text,
    )
    await tab.click('.graphiql-execute-button')
  }
}
