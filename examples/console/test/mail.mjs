import assert from 'node:assert/strict'
import { home, scenario } from './stage.mjs'
import { box, message } from './thread.mjs'

// Tickets that customers raise by mail.

const host = 'mx.example.com'
const proof = `Authentication-Results: ${host}; dmarc=pass header.from=domain.com`

/** A mail by the customer, with more header fields and any content. */
const mailOf = (subject, header, content) =>
  [...header, 'From: Rahul <rahul@domain.com>', 'To: support@example.com', `Subject: ${subject}`, ...content].join(
    '\r\n',
  )

const text = ['Content-Type: text/plain; charset=utf-8', '', 'See above.']

/** Opens a ticket of the queue. */
async function openQueued(who, title) {
  await who.tab.goto(`${home()}#staff/tickets`)
  await who.ticket(title).getByRole('link').click()
  await who.tab.getByRole('heading', { name: 'Messages' }).waitFor()
}

scenario('whom a mail names besides the staff is chosen only if its sender is certain', async (people) => {
  const { server, staff, colleague } = people
  Object.assign(server.variables, {
    INBOUND_SECRET: 'a-secret-of-the-mail-service',
    INBOUND_ADDRESS: 'support@example.com',
    INBOUND_AUTHSERV_ID: host,
  })
  await server.stop()
  await server.start()
  await staff.isLive()
  const cc = 'Cc: jo@example.net, eve@example.net'
  await server.receive(mailOf('From the real Rahul', [proof, cc], text))
  await openQueued(colleague, 'From the real Rahul')
  await colleague.tab.getByText('also sent to jo@example.net, eve@example.net').waitFor()
  assert.equal(await box(colleague, 'Copy to').inputValue(), 'jo@example.net, eve@example.net')

  await server.receive(mailOf('From some Rahul', [cc], text))
  await openQueued(colleague, 'From some Rahul')
  await colleague.tab.getByText('also sent to jo@example.net, eve@example.net').waitFor()
  assert.equal(await box(colleague, 'Copy to').inputValue(), '')
  await colleague.press('Copy to jo@example.net')
  await colleague.hasFocus(box(colleague, 'Copy to'))
  await colleague.shoot('copies-offered')
  await colleague.fill('Reply', { 'Your reply': 'Is it you?' })
  await message(colleague, 'Is it you?').getByText('copied to jo@example.net', { exact: true }).waitFor()
})
