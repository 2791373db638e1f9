import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { Provider } from './provider.mjs'
import { home, open, password, scenario, stage } from './stage.mjs'

// Accounts that begin and continue with mailed links, and API keys.

const priya = 'priya@gmail.com'
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The code that an authenticator app shows for a secret, or will show some steps of 30 seconds later (RFC 6238). */
function codeOf(secret, steps) {
  const bits = [...secret].map((letter) => base32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const hash = createHmac('sha1', key).update(step).digest()
  const number = hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

/** Opens a mailed link, as a scanner may have done before. */
async function openLink(link) {
  await fetch(link)
  return open(link)
}

scenario('an invited colleague chooses a password, and is in', async ({ server, staff }) => {
  server.variables = { PUBLIC_URL: home(), CUSTOMER_SIGNUP: 'verified', REQUIRE_VERIFIED_EMAIL: 'true' }
  await server.stop()
  await server.start()
  await staff.isLive()

  await staff.follow('Invitations')
  await staff.hasFocus(staff.tab.getByRole('heading', { name: 'Invitations' }))
  await staff.tab.getByText('Invite a colleague').click()
  await staff.fill('Invite a colleague', { 'E-mail': priya, Name: 'Priya' })
  await staff.hasFocus(staff.tab.getByText('Invite a colleague'))
  const replaced = await server.mailedLink('accept-invitation', priya)
  await staff.press('Send the invitation of Priya again')
  await staff.sees('Sent again.')
  await staff.shoot('invitations')

  stage.colleague = await openLink(await server.mailedLink('accept-invitation', priya, [replaced]))
  await stage.colleague.fill('Welcome', { 'New password': 'short' })
  await stage.colleague.isTold(/^New password /)
  await stage.colleague.fill('Welcome', { 'New password': password })
  await stage.colleague.isLive()
  await stage.colleague.sees('USER')
})

scenario(
  'a customer sees their records once their address is verified with a mailed link',
  async ({ server, customer }) => {
    await customer.tab.reload()
    await customer.press('Send me a link')
    const page = await open(await server.mailedLink('verify-email', 'rahul@domain.com'), customer)
    await page.press('Verify your address')
    await page.hasFocus(page.tab.getByRole('heading', { name: 'That is done' }))
    await page.tab.close()
    await customer.tab.reload()
    await customer.tab.getByRole('article', { name: 'Onboarding' }).waitFor()
  },
)

scenario('an invitation that is revoked leaves the list, and its link is useless', async ({ server, staff }) => {
  await staff.follow('Customers')
  await staff.tab.getByRole('searchbox').fill('Client 1')
  await staff.follow('Client 1')
  await staff.press('Invite')
  const link = await server.mailedLink('accept-invitation', 'client1@domain.com')
  await staff.follow('Invitations')
  staff.tab.once('dialog', (dialog) => dialog.accept())
  await staff.press('Revoke the invitation of Client 1')
  await staff.tab.getByText('No invitation is pending.').nth(1).waitFor()

  const client = await openLink(link)
  await client.fill('Welcome', { 'New password': password })
  await client.isTold('the link has expired, was used or was replaced by another')
  await client.tab.context().close()
})

scenario('a forgotten password is replaced with a mailed link, which works once', async ({ server, colleague }) => {
  await colleague.press('Log out')
  await colleague.follow('Forgot your password?')
  await colleague.hasFocus(colleague.tab.getByLabel('E-mail'))
  await colleague.fill('Forgot your password', { 'E-mail': priya })
  await colleague.hasFocus(colleague.tab.getByRole('heading', { name: 'Look into your mail' }))

  const link = await server.mailedLink('reset-password', priya)
  const page = await openLink(link)
  await page.fill('Choose a new password', { 'New password': `${password}-2` })
  await page.hasFocus(page.tab.getByRole('heading', { name: 'Your password is changed' }))
  await page.tab.reload()
  await page.fill('Choose a new password', { 'New password': `${password}-3` })
  await page.isTold('the link has expired, was used or was replaced by another')
  await page.tab.context().close()

  await colleague.follow('Back to the log-in')
  await colleague.fill('Log in', { 'E-mail': priya, Password: `${password}-2` })
  await colleague.isLive()
})

scenario('a customer signs up with a mailed link where the server wants that', async ({ server }) => {
  const visitor = await open('#customer')
  await visitor.follow('Sign up')
  await visitor.fill('Sign up', { 'E-mail': 'asha@gmail.com' })
  await visitor.tab.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  await visitor.shoot('sign-up')

  const asha = await openLink(await server.mailedLink('sign-up', 'asha@gmail.com'))
  await asha.fill('Complete your sign-up', { 'Name (leave it empty if we know it)': 'Asha', 'New password': password })
  await asha.isLive()
  await asha.sees('Asha')
  for (const who of [visitor, asha]) await who.tab.context().close()
})

scenario('a customer logs in with an identity provider', async ({ server, staff }) => {
  const provider = await Provider.open({ sub: '17', email: 'meera@gmail.com', email_verified: true, name: 'Meera' })
  server.variables = {
    ...server.variables,
    ...{ OIDC_ISSUER: provider.url, OIDC_CLIENT_ID: 'console', OIDC_LABEL: 'Example' },
    ...{ OIDC_STAFF: 'false', OIDC_CUSTOMERS: 'true', OIDC_CREATE: 'true' },
  }
  await server.stop()
  await server.start()
  const meera = await open('#customer')
  await meera.press('Log in with Example')
  await meera.isLive()
  await meera.sees('Meera')
  const address = `${new URL('log-in/oidc', home())}?state=another&code=another`
  const stranger = await open(address)
  await stranger.tab.getByText('The log-in was not completed', { exact: false }).waitFor()
  await stranger.shoot('log-in-not-completed')
  for (const who of [meera, stranger]) await who.tab.context().close()
  provider.close()
  await staff.isLive()
})

scenario('a session that somebody left open elsewhere is ended', async ({ server, staff }) => {
  const logIn = 'mutation ($input: LogInInput!) { logInUser(input: $input) { tokens { accessToken } } }'
  const { logInUser } = await server.send(logIn, { input: { email: 'rohan@gmail.com', password } })
  await staff.follow('Rohan: your account')
  await staff.sees('this one')
  const end = staff.tab.getByRole('button', { name: /^End the session of / })
  await end.click()
  await staff.hasFocus(staff.tab.getByRole('heading', { name: 'Where you are logged in' }))
  assert.equal(await end.count(), 0)
  await staff.shoot('account')
  await assert.rejects(server.send('{ latestSeq }', {}, logInUser.tokens.accessToken), /UNAUTHENTICATED/)
})

scenario('a second factor is set up, and asked for at the next log-in', async ({ colleague }) => {
  await colleague.follow('Priya: your account')
  await colleague.press('Set up')
  await colleague.hasFocus(colleague.tab.getByLabel('Your password'))
  await colleague.fill('Set up two-factor authentication', { 'Your password': `${password}-2` })
  await colleague.tab.getByRole('img', { name: 'QR code' }).waitFor()
  await colleague.shoot('two-factor')
  const secret = await colleague.tab.getByRole('code').innerText()
  await colleague.fill('Confirm two-factor authentication', { 'Code of your app': codeOf(secret, 0) })
  const codes = colleague.tab.getByRole('textbox', { name: /^Your recovery codes/ })
  await colleague.hasFocus(codes)
  assert.equal((await codes.inputValue()).split('\n').length, 10)
  await colleague.press('Done')
  await colleague.tab.getByText('10 recovery codes left').waitFor()

  await colleague.press('Log out')
  await colleague.fill('Log in', { 'E-mail': priya, Password: `${password}-2` })
  const label = 'Code of your app, or a recovery code'
  await colleague.hasFocus(colleague.tab.getByLabel(label))
  await colleague.fill('Second step', { [label]: 'no code' })
  await colleague.tab.getByRole('alert').waitFor()
  await colleague.fill('Second step', { [label]: codeOf(secret, 1) })
  await colleague.isLive()
})

scenario('an API key is shown once, works, and ends', async ({ server, staff }) => {
  await staff.follow('API keys')
  await staff.tab.getByText('New key', { exact: true }).click()
  await staff.fill('New key', { 'Name: what it is for': 'Export', 'Only from these networks': 'nowhere' })
  await staff.isTold(/^Only from these networks /)
  await staff.tab.getByLabel('It only reads').check()
  await staff.fill('New key', { 'Only from these networks': '127.0.0.1, ::1' })
  const box = staff.tab.getByRole('textbox', { name: /^The new key/ })
  await staff.hasFocus(box)
  const key = await box.inputValue()
  await staff.shoot('api-key')
  await staff.press('Done')
  await staff.tab.getByRole('listitem').filter({ hasText: 'Export' }).getByText('only reads').waitFor()
  assert.ok(!(await staff.tab.content()).includes(key))
  await server.send('{ latestSeq }', {}, key)

  staff.tab.once('dialog', (dialog) => dialog.accept())
  await staff.press('Revoke Export')
  await staff.hasFocus(staff.tab.getByRole('heading', { name: 'Keys', exact: true }))
  await staff.sees('There are no keys.')
  await assert.rejects(server.send('{ latestSeq }', {}, key), /UNAUTHENTICATED/)
})
