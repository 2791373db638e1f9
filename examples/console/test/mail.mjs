import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { home, scenario } from './stage.mjs'
import { box, has, message, reload, type } from './thread.mjs'

// Tickets that customers raise by mail.

const host = 'mx.example.com'
const proof = `Authentication-Results: ${host}; dmarc=pass header.from=domain.com`

/** A mail by the customer, with more header fields and any content. */
const mailOf = (subject, header, content) =>
  [...header, 'From: Rahul <rahul@domain.com>', 'To: support@example.com', `Subject: ${subject}`, ...content].join(
    '\r\n',
  )

/** A picture of one pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** The content of a mail that has HTML with a picture. */
const formatted = (plain, html) => [
  'MIME-Version: 1.0',
  'Content-Type: multipart/related; boundary=related',
  '',
  '--related',
  'Content-Type: multipart/alternative; boundary=alternative',
  '',
  '--alternative',
  ...['Content-Type: text/plain; charset=utf-8', '', plain],
  '--alternative',
  ...['Content-Type: text/html; charset=utf-8', '', html],
  '--alternative--',
  '--related',
  'Content-Type: image/png; name=pixel.png',
  'Content-Disposition: inline; filename=pixel.png',
  'Content-ID: <pixel@domain.com>',
  'Content-Transfer-Encoding: base64',
  ...['', pixel],
  '--related--',
]

/** A server elsewhere that knows which of its images have been loaded. */
async function openImages() {
  const loaded = []
  const server = createServer((request, response) => {
    loaded.push(request.url)
    response.setHeader('Content-Type', 'image/png').end(Buffer.from(pixel, 'base64'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${server.address().port}`, loaded, close }
}

/** Waits until an image in a frame has been loaded. */
const isLoaded = (image) => image.evaluate((image) => image.decode())

const text = ['Content-Type: text/plain; charset=utf-8', '', 'See above.']

/** Opens a ticket of the queue. */
async function openQueued(who, title) {
  await who.tab.goto(`${home()}#staff/tickets`)
  await who.ticket(title).getByRole('link').click()
  await who.tab.getByRole('heading', { name: 'Messages' }).waitFor()
}

/** The number of the ticket that is displayed. */
const numberOf = async (who) => (await who.tab.getByRole('heading', { level: 2 }).innerText()).split(' ')[0]

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

scenario('a reply that has been begun is copied to nobody whom its author has not seen', async (people) => {
  const { server, colleague } = people
  await openQueued(colleague, 'From the real Rahul')
  const number = await numberOf(colleague)
  // Nor is somebody chosen again whom the author has taken out.
  await box(colleague, 'Copy to').fill('jo@example.net')
  await reload(colleague)
  await has(colleague, 'Copy to', 'jo@example.net')
  await colleague.fill('Reply', { 'Your reply': 'To Jo alone' })
  await message(colleague, 'To Jo alone').getByText('copied to jo@example.net', { exact: true }).waitFor()

  await type(colleague, 'Your reply', 'Still to Jo')
  await server.receive(mailOf(`Re: [${number}]`, [proof, 'Cc: mallory@example.net'], text))
  await message(colleague, 'See above.').waitFor()
  await colleague.tab.getByRole('button', { name: 'Copy to mallory@example.net' }).waitFor()
  assert.equal(await box(colleague, 'Copy to').inputValue(), 'jo@example.net')
  await colleague.press('Send the reply')
  await message(colleague, 'Still to Jo').getByText('copied to jo@example.net', { exact: true }).waitFor()
})

scenario('nobody is chosen while the message that decides has not been read', async ({ server, colleague }) => {
  await server.receive(mailOf('A long story', [proof, 'Cc: jo@example.net'], text))
  await openQueued(colleague, 'A long story')
  assert.equal(await box(colleague, 'Copy to').inputValue(), 'jo@example.net')
  const [id] = new URL(colleague.tab.url()).hash.match(/tkt_\w+/)
  const { accessToken } = await colleague.tokens('staff')
  const note = 'mutation ($input: AddTicketNoteInput!) { addTicketNote(input: $input) { message { id } } }'
  for (let n = 1; n <= 21; n++) await server.send(note, { input: { ticketId: id, body: `Note ${n}.` } }, accessToken)
  await reload(colleague)
  await colleague.tab.getByRole('button', { name: 'Copy to jo@example.net' }).waitFor()
  assert.equal(await box(colleague, 'Copy to').inputValue(), '')
})

scenario('a mail is shown as it was formatted, and images from elsewhere only if the reader wants', async (people) => {
  const { server, colleague } = people
  const images = await openImages()
  const html = `<p>My <b>own</b> picture <img alt="own" src="cid:pixel@domain.com"></p>
<p>Yours <img alt="yours" src="${images.url}/yours.png"></p><script>alert(1)</script>`
  await server.receive(mailOf('With pictures', [proof], formatted('My own picture', html)))
  await openQueued(colleague, 'With pictures')
  await colleague.tab.locator('.card').getByText('My own picture').waitFor()
  const name = /^Formatted text by Rahul, .*\d/
  const summary = colleague.tab.locator('summary').and(colleague.tab.getByLabel(name))
  await summary.focus()
  await colleague.tab.keyboard.press('Enter')
  const element = colleague.tab.getByTitle(name)
  const frame = colleague.tab.frameLocator('.card iframe')
  await frame.getByText('own', { exact: true }).waitFor()
  await isLoaded(frame.getByRole('img', { name: 'own' }))
  await frame.getByRole('img', { name: 'yours' }).and(frame.locator(':not([src])')).waitFor()
  assert.deepEqual(images.loaded, [])
  assert.doesNotMatch(await element.getAttribute('sandbox'), /allow-(scripts|same-origin|top-navigation|forms)/)

  const choice = colleague.tab.getByRole('checkbox', { name: /^Load images from elsewhere/ })
  await colleague.tabTo(choice)
  await colleague.tab.keyboard.press('Space')
  await isLoaded(frame.getByRole('img', { name: 'yours' }).and(frame.locator('[src]')))
  assert.deepEqual(images.loaded, ['/yours.png'])
  await colleague.hasFocus(choice)
  await colleague.shoot('formatted')
  await colleague.tab.setViewportSize({ width: 390, height: 844 })
  await colleague.fits()
  await colleague.shoot('phone-formatted')
  await colleague.tab.setViewportSize({ width: 1280, height: 800 })
  images.close()
})

scenario('nothing runs or is loaded in the frame, even if the server let it through', async ({ colleague }) => {
  const images = await openImages()
  await colleague.tab.route('**/graphql', async (route) => {
    if (route.request().postDataJSON()?.operationName !== 'FormattedMail') return route.continue()
    const response = await route.fetch()
    const answer = await response.json()
    answer.data.node.html = `<p>Harmful</p><script>parent.document.title = 'taken over'</script>
      <img alt="evil" src="${images.url}/evil.png" onerror="parent.document.title = 'taken over'">`
    await route.fulfill({ response, json: answer })
  })
  const refusals = []
  colleague.tab.on('console', (message) => refusals.push(message.text()))
  await colleague.tab.reload()
  await colleague.tab.getByText('Formatted text', { exact: true }).click()
  const frame = colleague.tab.frameLocator('.card iframe')
  await frame.getByText('Harmful').waitFor()
  const evil = frame.getByRole('img', { name: 'evil' })
  assert.equal(await evil.getAttribute('src'), `${images.url}/evil.png`)
  await assert.rejects(isLoaded(evil))
  assert.match(refusals.join(), /Blocked script execution/)
  assert.match(await colleague.tab.title(), /^#\d+ With pictures/)
  assert.deepEqual(images.loaded, [])
  images.close()
  await colleague.tab.unroute('**/graphql')
})

scenario('an answer by mail is shown as it was formatted, and one without formatted text says so', async (people) => {
  const { server, staff, colleague } = people
  const number = await numberOf(colleague)
  await server.receive(mailOf(`Re: [${number}]`, [proof], formatted('An answer', '<p>An <i>answer</i></p>')))
  const answer = message(colleague, 'An answer')
  await answer.getByText('Formatted text', { exact: true }).click()
  await answer.frameLocator('iframe').getByText('answer', { exact: true }).waitFor()

  await server.receive(mailOf('Only words', [proof], text))
  await openQueued(colleague, 'Only words')
  await colleague.tab.getByText('Formatted text', { exact: true }).click()
  await colleague.sees('There is no formatted text, or the text has been changed since.')
  assert.equal(await colleague.tab.getByTitle('Formatted text').count(), 0)
  assert.deepEqual([...staff.complaints, ...colleague.complaints], [])
})
