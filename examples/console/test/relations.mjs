import assert from 'node:assert/strict'
import { home, scenario } from './stage.mjs'
import { box, has, message, openTicket, raise, reload, reply, type } from './thread.mjs'

// Tickets that have to do with each other: the staff link and merge them.

const linked = (who) => who.tab.getByRole('list', { name: 'Related tickets' }).getByRole('listitem')

const tickets = {}

/** Merges a ticket, without the page. */
async function merge(server, staff, { id, version }, into) {
  const merge = 'mutation ($input: MergeTicketsInput!) { mergeTickets(input: $input) { ticket { id } } }'
  const { accessToken } = await staff.tokens('staff')
  await server.send(merge, { input: { fromId: id, expectedVersion: version, intoId: into.id } }, accessToken)
}

scenario('staff link tickets by number and by title, and unlink them', async ({ colleague }) => {
  tickets.lamp = await raise('The lamp flickers')
  tickets.fuse = await raise('The fuse has blown')
  tickets.bulb = await raise('The bulb is broken')
  await openTicket(colleague, tickets.lamp)
  await colleague.tab.getByText('Link a ticket').focus()
  await colleague.tab.keyboard.press('Enter')
  const search = colleague.tab.getByLabel('Ticket to link', { exact: true })
  await colleague.tabTo(search)
  await colleague.tab.keyboard.type(`#${tickets.fuse.number}`)
  const fuse = `#${tickets.fuse.number} The fuse has blown`
  await colleague.tab.getByRole('button', { name: `Link ${fuse}` }).waitFor()
  await colleague.tabTo(colleague.tab.getByRole('button', { name: `Link ${fuse}` }))
  await colleague.tab.keyboard.press('Enter')
  await linked(colleague).filter({ hasText: fuse }).waitFor()
  await colleague.hasFocus(search)

  for (const text of ['flickers', 'nowhere']) {
    await search.fill(text)
    await colleague.sees('There is no such ticket.') // a ticket isn't linked with itself
  }
  await search.fill('bulb')
  await colleague.tab
    .getByRole('status')
    .filter({ hasText: /^1 ticket$/ })
    .waitFor()
  await colleague.shoot('link')
  await colleague.press(`Link #${tickets.bulb.number} The bulb is broken`)
  await linked(colleague).filter({ hasText: 'The bulb is broken' }).waitFor()
  await colleague.tab.setViewportSize({ width: 390, height: 844 })
  await colleague.fits()
  await colleague.tab.setViewportSize({ width: 1280, height: 800 })

  await colleague.follow(fuse)
  await colleague.hasFocus(colleague.tab.getByRole('heading', { name: fuse }))
  await linked(colleague).getByRole('link', { name: 'The lamp flickers' }).click()
  await colleague.press(`Unlink ${fuse}`)
  await colleague.hasFocus(colleague.tab.getByRole('heading', { name: 'Related tickets' }))
  await linked(colleague).filter({ hasText: fuse }).waitFor({ state: 'detached' })
  await reload(colleague)
  assert.equal(await linked(colleague).count(), 1)
})

scenario('a ticket is merged into another one, and everybody who has it open comes to that', async (people) => {
  const { staff, colleague, customer } = people
  await openTicket(customer, tickets.bulb, 'customer')
  await reply(customer, 'It is the one in the hall')
  await message(customer, 'It is the one in the hall').waitFor()
  await openTicket(colleague, tickets.lamp)
  await box(colleague, 'Your reply').fill('Which of the two')

  await openTicket(staff, tickets.bulb)
  await message(staff, 'It is the one in the hall').waitFor()
  await staff.tab.getByText('Merge into another ticket').click()
  await staff.tab.getByLabel('Ticket to merge into', { exact: true }).fill('lamp')
  const merge = `Merge into #${tickets.lamp.number} The lamp flickers`
  staff.tab.once('dialog', (dialog) => dialog.dismiss())
  await staff.press(merge)
  staff.tab.once('dialog', (dialog) => dialog.accept())
  await staff.press(merge)

  const lamp = `#${tickets.lamp.number} The lamp flickers`
  await staff.hasFocus(staff.tab.getByRole('heading', { name: lamp }))
  for (const who of [staff, colleague]) {
    await message(who, 'It is the one in the hall').waitFor()
    await message(who, 'The bulb is broken').waitFor()
  }
  await customer.hasFocus(customer.tab.getByRole('heading', { name: lamp }))
  await message(customer, 'It is the one in the hall').waitFor()
  assert.equal(await box(colleague, 'Your reply').inputValue(), 'Which of the two')
  // They were linked with each other.
  assert.equal(await linked(staff).count(), 0)
  await staff.shoot('merged')
})

scenario('the old address of a merged ticket leads to the other one', async ({ staff }) => {
  const lamp = `#${tickets.lamp.number} The lamp flickers`
  for (const address of [`${home()}#staff/${tickets.bulb.id}`, `${home()}tickets/${tickets.bulb.id}`]) {
    await staff.tab.goto('about:blank')
    await staff.tab.goto(address)
    await staff.tab.getByRole('heading', { name: lamp }).waitFor()
    await staff.tab.waitForURL(`**/#staff/${tickets.lamp.id}`)
  }
})

scenario('what one is writing on a ticket that is merged goes along', async ({ server, staff, colleague }) => {
  const [from, into] = [await raise('The switch is loose'), await raise('The switch is broken')]
  await openTicket(colleague, from)
  const order = []
  const operationOf = (request) => (request.method() === 'POST' ? request.postDataJSON() : {})
  colleague.tab.on('request', (request) => {
    const { operationName, variables } = operationOf(request)
    if (operationName === 'Thread' && variables.id === into.id) order.push('read')
  })
  colleague.tab.on('response', (response) => {
    if (operationOf(response.request()).operationName === 'SaveDraft') order.push('saved')
  })
  await type(colleague, 'Your reply', 'Which switch')
  await merge(server, staff, from, into)
  await colleague.tab.waitForURL(`**/#staff/${into.id}`)
  await has(colleague, 'Your reply', 'Which switch')
  assert.deepEqual(order.slice(0, 2), ['saved', 'read'])
})

scenario('a ticket is found among many that were merged', async ({ server, staff, colleague }) => {
  const live = await raise('A twin of the socket')
  for (let n = 0; n < 10; n++) await merge(server, staff, await raise('A twin of the socket'), live)
  await openTicket(colleague, tickets.lamp)
  await colleague.tab.getByText('Link a ticket').click()
  await colleague.tab.getByLabel('Ticket to link', { exact: true }).fill('twin of the socket')
  await colleague.tab.getByRole('button', { name: `Link #${live.number} A twin` }).waitFor()
  await colleague.tab
    .getByRole('status')
    .filter({ hasText: /^1 ticket$/ })
    .waitFor()
})

scenario('a thread is not read again for a merge elsewhere', async ({ server, staff, colleague }) => {
  const [from, into] = [await raise('The plug is hot'), await raise('The plug is burning')]
  await openTicket(colleague, tickets.lamp)
  const reads = []
  colleague.tab.on(
    'request',
    (request) => request.postData()?.includes('"operationName":"Thread"') && reads.push(request),
  )
  await merge(server, staff, from, into)
  // Changes are applied in their order.
  const { accessToken } = await staff.tokens('staff')
  const rename = 'mutation ($input: UpdateTicketInput!) { updateTicket(input: $input) { ticket { id } } }'
  await server.send(rename, { input: { id: tickets.lamp.id, title: 'The lamp is off' } }, accessToken)
  await colleague.tab.getByRole('heading', { name: 'The lamp is off' }).waitFor()
  assert.equal(reads.length, 0)
})
