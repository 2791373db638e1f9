import assert from 'node:assert/strict'
import { home, open, openBlind, password, scenario } from './stage.mjs'
import { answerOnce, closeOnce } from './visitor.mjs'

// A customer and a member of staff use the page together.

scenario('wrong input is shown at its field, and nobody gets in without an account', async ({ staff }) => {
  await staff.shoot('log-in')
  await staff.fill('Log in', { 'E-mail': 'rohan@gmail.com', Password: password })
  await staff.tab.getByRole('alert').filter({ hasText: 'wrong address or password' }).waitFor()
  await staff.signUp('Rohan', 'rohan@gmail.com', 'short')
  await staff.tab.getByLabel('Password', { exact: true }).and(staff.tab.locator('[aria-invalid=true]')).waitFor()
  await staff.tab
    .getByRole('alert')
    .filter({ hasText: /^Password / })
    .waitFor()
})

scenario('the first user signs up, then a customer', async ({ staff, customer }) => {
  await staff.fill('Sign up', { Password: password })
  await staff.isLive()
  await staff.sees('ADMIN')
  await customer.signUp('Rahul', 'rahul@domain.com', password)
  await customer.sees('There are no interactions yet.')
  await customer.isLive()
})

scenario('they log out, and in again', async ({ staff, customer }) => {
  for (const [who, email] of [
    [staff, 'rohan@gmail.com'],
    [customer, 'rahul@domain.com'],
  ]) {
    await who.tab.getByRole('button', { name: 'Log out' }).click()
    await who.hasFocus(who.tab.getByLabel('E-mail'))
    await who.fill('Log in', { 'E-mail': email, Password: password })
    await who.isLive()
    await who.hasFocus(who.tab.getByRole('heading', { level: 2 }))
  }
})

scenario('staff finds a customer by name or address, from one letter on', async ({ staff }) => {
  const search = staff.tab.getByRole('searchbox')
  for (const text of ['R', 'ahu', 'rahul@dom']) {
    await search.fill('nobody')
    await staff.sees('There is no such customer.')
    await search.fill(text)
    await staff.tab.getByRole('link', { name: 'Rahul' }).waitFor()
  }
  await staff.tab.getByRole('link', { name: 'Rahul' }).click()
  await staff.hasFocus(staff.tab.getByRole('heading', { name: 'Rahul' }))
})

scenario('on a telephone, a customer takes the place of the list, and there is a way back', async ({ staff }) => {
  const phone = await open('about:blank', staff)
  await phone.tab.setViewportSize({ width: 390, height: 844 })
  await phone.tab.goto(`${home()}#staff`)
  await phone.tab.getByRole('link', { name: 'Rahul' }).click()
  await phone.hasFocus(phone.tab.getByRole('heading', { name: 'Rahul' }))
  await phone.shoot('phone')
  assert.equal(await phone.tab.getByRole('searchbox').count(), 0)
  await phone.fits()
  await phone.tab.getByRole('link', { name: '← Customers' }).click()
  await phone.hasFocus(phone.tab.getByRole('link', { name: 'Rahul' }))
  await phone.tab.getByRole('searchbox').waitFor()
  await phone.tab.close()
})

scenario('a page that is loaded while the server is away says so, and goes on by itself', async ({ server, staff }) => {
  const early = await open('about:blank', staff)
  await server.stop()
  await early.tab.goto(staff.tab.url())
  await early.tab.getByText('The server can’t be reached.', { exact: false }).waitFor()
  await server.start()
  await early.tab.getByRole('heading', { name: 'Rahul' }).waitFor()
  await early.tab.close()
  await staff.isLive()
})

scenario('an interaction that staff plans appears at the customer’s', async ({ staff, customer }) => {
  await staff.tab.getByText('Plan an interaction').click()
  await staff.fill('Plan an interaction', {
    Title: 'Onboarding',
    Begins: '2027-03-01T10:00',
    Minutes: '45',
    Place: 'Room 4',
  })
  for (const who of [staff, customer]) await who.tab.getByRole('article', { name: 'Onboarding' }).waitFor()
})

scenario('a ticket that the customer raises appears at the staff’s', async ({ staff, customer }) => {
  await customer.raiseTicket('Onboarding', 'The invoice is wrong')
  await staff.ticket('The invoice is wrong').waitFor()
  await staff.tab.getByRole('status').filter({ hasText: 'New ticket of Rahul: #1 The invoice is wrong' }).waitFor()
})

scenario('what becomes of the ticket appears at the other’s', async ({ staff, customer }) => {
  for (const [who, button, other, status] of [
    [staff, 'Start work', customer, 'In progress'],
    [staff, 'Resolve', customer, 'Resolved'],
    [customer, 'Reopen', staff, 'Open'],
  ]) {
    await who.move('invoice', button)
    await other.ticket('invoice').getByText(status, { exact: true }).waitFor()
  }
  await staff.shoot('staff')
  await customer.shoot('customer')
})

scenario('what happens while the connection is lost is made up for', async ({ server, staff, customer }) => {
  await server.stop()
  await staff.sees('connecting …')
  await server.start()
  await customer.raiseTicket('Onboarding', 'Raised at once after the start')
  await staff.ticket('Raised at once').waitFor()
  await staff.isLive()
  assert.equal(await staff.ticket('invoice').count(), 1)
})

scenario('a change that overtakes the answer to a query is not lost', async ({ staff, customer }) => {
  const slow = await open('about:blank', staff)
  const answer = await slow.holdAnswer('CustomerWithInteractions')
  const received = slow.receives('Faster than the list')
  await slow.tab.goto(staff.tab.url())
  await answer.isHeld
  await customer.raiseTicket('Onboarding', 'Faster than the list')
  await received
  answer.release()
  await slow.ticket('Faster than the list').waitFor()
  await slow.tab.close()
})

scenario('a ticket that is deleted disappears', async ({ server, staff, customer }) => {
  const { accessToken } = await customer.tokens('customer')
  const { tickets } = await server.send('{ tickets(first: 1) { nodes { id description } } }', {}, accessToken)
  const { id, description } = tickets.nodes[0]
  await server.send('mutation ($id: ID!) { deleteTicket(input: {id: $id}) { deletedId } }', { id }, accessToken)
  for (const who of [staff, customer]) await who.ticket(description).waitFor({ state: 'detached' })
})

scenario('nothing of this needed a reload, or made the page complain', ({ staff, customer }) => {
  assert.deepEqual([staff.loads, customer.loads], [1, 1])
  assert.deepEqual([...staff.complaints, ...customer.complaints], [])
})

scenario('tokens that are refused are exchanged unnoticed, by one of several tabs', async ({ staff }) => {
  const before = await staff.tokens('staff')
  await staff.keepTokens('staff', { ...before, accessToken: 'refused' })
  const [, ...others] = await Promise.all([
    staff.tab.reload(),
    ...Array.from({ length: 3 }, () => open('#staff', staff)),
  ])
  for (const who of [staff, ...others]) await who.isLive()
  assert.notEqual((await staff.tokens('staff')).refreshToken, before.refreshToken)
  for (const who of others) await who.tab.close()
})

scenario('nobody overrules a change that they have not seen', async ({ staff, customer }) => {
  const blind = await openBlind(staff.tab.url(), staff)
  await blind.ticket('invoice').waitFor()
  await customer.move('invoice', 'Close')
  await customer.ticket('invoice').getByText('Closed', { exact: true }).waitFor()
  await blind.move('invoice', 'Start work')
  await blind.ticket('invoice').getByRole('alert').filter({ hasText: 'Somebody else has just changed this.' }).waitFor()
})

scenario('lists are read page by page', async ({ server, staff }) => {
  const { accessToken } = await staff.tokens('staff')
  const create = 'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }'
  for (let n = 1; n <= 25; n++) {
    await server.send(create, { input: { name: `Client ${n}`, email: `client${n}@domain.com` } }, accessToken)
  }
  await staff.tab.getByRole('searchbox').fill('Client')
  await staff.tab.getByRole('button', { name: 'More customers' }).click()
  const clients = staff.tab.getByRole('link', { name: /^Client / })
  await clients.nth(24).waitFor()
  assert.equal(await clients.count(), 25)

  const { interactions } = await server.send('{ interactions { nodes { id } } }', {}, accessToken)
  const raise = 'mutation ($input: CreateTicketInput!) { createTicket(input: $input) { ticket { id } } }'
  for (let n = 1; n <= 21; n++) {
    await server.send(
      raise,
      { input: { interactionId: interactions.nodes[0].id, description: `Question ${n}.` } },
      accessToken,
    )
  }
  await staff.tab.reload()
  await staff.ticket('Question 21.').waitFor()
  assert.equal(await staff.ticket('Question 1.').count(), 0)
  await staff.tab.getByRole('button', { name: 'More tickets' }).click()
  await staff.ticket('Question 1.').waitFor()
  assert.equal(await staff.ticket('Question').count(), 21)
})

scenario('a session that is ended elsewhere leads back to the log-in', async ({ server, customer }) => {
  const { accessToken } = await customer.tokens('customer')
  await server.send('mutation { logOutEverywhere { endedSessions } }', {}, accessToken)
  await customer.sees('Your session has ended. Please log in again.')
})

scenario('a page that was away for longer than changes are kept is read anew', async ({ staff, customer }) => {
  await customer.fill('Log in', { 'E-mail': 'rahul@domain.com', Password: password })
  await customer.isLive()
  const late = await open('about:blank', staff)
  const starts = []
  late.tab.on('request', (request) => request.postData()?.includes('latestSeq') && starts.push(request))
  await late.tab.routeWebSocket('**/graphql', answerOnce('TicketChanged', 'EVENTS_EXPIRED'))
  await late.tab.goto(staff.tab.url())
  await late.ticket('Question 21.').waitFor()
  await customer.raiseTicket('Onboarding', 'Are you back?')
  await late.ticket('Are you back?').waitFor()
  assert.equal(starts.length, 2)
})

scenario('a connection whose token is refused comes back with another one', async ({ customer }) => {
  const before = await customer.tokens('customer')
  const refused = await open('about:blank', customer)
  await refused.tab.routeWebSocket('**/graphql', closeOnce(4403))
  await refused.tab.goto(customer.tab.url())
  await refused.isLive()
  assert.notEqual((await customer.tokens('customer')).refreshToken, before.refreshToken)
})
