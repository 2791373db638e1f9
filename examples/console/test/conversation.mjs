import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { home, openBlind, scenario } from './stage.mjs'
import { box, choose, has, message, ofNote, reply } from './thread.mjs'

// A ticket without an interaction: two members of staff and the customer have it before them at the same time.

/** Drops a file, as from the desktop. */
async function dropFile(target, name, content) {
  const dataTransfer = await target.evaluateHandle(
    (_, [name, content]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([content], name, { type: 'text/plain' }))
      return transfer
    },
    [name, content],
  )
  await target.dispatchEvent('drop', { dataTransfer })
}

scenario('of two who take a ticket from the queue, one is told that the other was faster', async (people) => {
  const { staff, colleague, customer } = people
  for (const who of [staff, colleague]) await who.follow('Tickets')
  await customer.tab.getByRole('region', { name: 'Tickets' }).getByText('Raise a ticket').click()
  await customer.fill('Raise a ticket', { Description: 'The printer is on fire' })
  const button = 'Take The printer is on fire'
  for (const who of [staff, colleague]) await who.tab.getByRole('button', { name: button }).waitFor()
  await staff.shoot('queue')

  const late = await openBlind(`${home()}#staff/tickets`, staff)
  await late.tab.getByRole('button', { name: button }).waitFor()
  await colleague.press(button)
  await colleague.hasFocus(colleague.tab.getByRole('heading', { name: 'The printer is on fire' }))
  await staff.tab.getByRole('button', { name: button }).waitFor({ state: 'detached' })
  await late.press(button)
  await late.hasFocus(late.tab.getByRole('alert').filter({ hasText: 'Somebody else has taken the ticket.' }))
  await late.tab.close()
})

scenario('what one writes appears at the others’, and notes only at the staff’s', async (people) => {
  const { staff, colleague, customer } = people
  await staff.tab.goto(`${home()}${new URL(colleague.tab.url()).hash}`)
  await customer.tab.getByRole('link', { name: 'The printer is on fire' }).first().click()
  await reply(customer, 'Please hurry')
  for (const who of [staff, colleague]) await message(who, 'Please hurry').getByText('Rahul').waitFor()

  await choose(colleague, 'Internal note')
  await colleague.fill('Internal note', { [ofNote]: 'He smokes' })
  await message(staff, 'He smokes').getByText('Internal note').waitFor()
  // The next one is a note, too, or it would be mailed to the customer.
  await has(colleague, ofNote, '')
  assert.ok(await colleague.tab.getByRole('radio', { name: 'Internal note' }).isChecked())
  await colleague.fill('Internal note', { [ofNote]: 'In the archive' })
  await message(staff, 'In the archive').getByText('Internal note').waitFor()
  await choose(colleague, 'Reply to the customer')
  await box(colleague, 'Status afterwards').selectOption('Waiting for the customer')
  await reply(colleague, 'Unplug it')
  await message(customer, 'Unplug it').getByText('Priya').waitFor()
  await customer.sees('Waiting for the customer')
  for (const note of ['He smokes', 'In the archive']) assert.equal(await message(customer, note).count(), 0)
  await colleague.shoot('thread')
})

scenario('staff put tags on a ticket, and take them off', async ({ colleague, customer }) => {
  await colleague.fill('Add a tag', { Tag: 'Hardware' })
  const tags = colleague.tab.getByRole('list', { name: 'Tags' })
  await tags.getByText('Hardware').waitFor()
  await colleague.follow('Tickets')
  await colleague.ticket('The printer is on fire').getByText('Hardware').waitFor()
  await colleague.tab.goBack()
  await colleague.press('Take the tag Hardware off')
  await tags.getByText('Hardware').waitFor({ state: 'detached' })
  await colleague.hasFocus(colleague.tab.getByLabel('Tag', { exact: true }))
  assert.equal(await customer.tab.getByLabel('Tag', { exact: true }).count(), 0)
})

scenario('whoever answers after a colleague sees what came, and keeps their text', async ({ staff, colleague }) => {
  const late = await openBlind(staff.tab.url(), staff)
  await message(late, 'Unplug it').waitFor()
  await reply(colleague, 'A colleague comes to you')
  await message(colleague, 'A colleague comes to you').waitFor()
  await reply(late, 'Is it still burning?')
  await late.isTold('Somebody else has just written.')
  await late.tab.getByRole('region', { name: 'Written meanwhile' }).getByText('A colleague comes to you').waitFor()
  assert.equal(await box(late, 'Your reply').inputValue(), 'Is it still burning?')
  await late.shoot('crossing')
  await late.press('Send the reply')
  await message(colleague, 'Is it still burning?').getByText('Rohan').waitFor()
  await late.tab.close()
})

scenario('files are dropped, sent while a text is written, and saved by the other', async ({ colleague, customer }) => {
  const compose = customer.tab.getByRole('region', { name: 'Write' })
  await dropFile(box(customer, 'Your reply'), 'fire.txt', 'It burns blue.')
  await compose.getByRole('list', { name: 'Attached files' }).getByText('sent', { exact: true }).waitFor()
  await customer.tab.route('**/uploads/**', (route) => route.abort(), { times: 1 })
  const lost = { name: 'lost.txt', mimeType: 'text/plain', buffer: Buffer.from('lost') }
  await compose.getByLabel('Attach files', { exact: false }).setInputFiles(lost)
  await customer.isTold('wasn’t sent')
  await customer.press('Remove lost.txt')
  await reply(customer, 'Here is a picture')
  const saved = colleague.tab.waitForEvent('download')
  await message(colleague, 'Here is a picture').getByRole('button', { name: 'fire.txt' }).click()
  assert.equal(await readFile(await (await saved).path(), 'utf8'), 'It burns blue.')
  assert.equal(await compose.getByRole('list', { name: 'Attached files' }).count(), 0)
})

scenario('a ticket is unread until its thread has been on the screen', async ({ colleague, customer }) => {
  await colleague.follow('Tickets')
  await reply(customer, 'Now the curtain burns')
  const unread = colleague.ticket('The printer is on fire').getByText('unread')
  await unread.waitFor()
  await colleague.tab.reload()
  await unread.waitFor()
  await colleague.tab.getByRole('list', { name: 'Assigned to you' }).getByRole('link').click()
  await message(colleague, 'Now the curtain burns').waitFor()
  await colleague.follow('Tickets')
  await unread.waitFor({ state: 'detached' })
  await colleague.tab.reload()
  await colleague.ticket('The printer is on fire').waitFor()
  assert.equal(await unread.count(), 0)
  await colleague.tab.getByRole('list', { name: 'Assigned to you' }).getByRole('link').click()
})

scenario('authors edit and delete what they wrote', async ({ colleague }) => {
  const own = message(colleague, 'A colleague comes')
  await own.getByRole('button', { name: 'Edit' }).click()
  await colleague.hasFocus(own.getByLabel('Text'))
  await colleague.fill('Edit the message', { Text: 'A colleague comes at once' })
  await message(colleague, 'A colleague comes at once').getByText('edited').waitFor()
  await colleague.hasFocus(own.getByRole('button', { name: 'Edit' }))
  colleague.tab.once('dialog', (dialog) => dialog.accept())
  await own.getByRole('button', { name: 'Delete' }).click()
  await own.waitFor({ state: 'detached' })
  await colleague.hasFocus(colleague.tab.getByRole('heading', { name: 'Messages' }))
})

scenario('a reply can be sent from a telephone, and with the keyboard alone', async ({ customer, colleague }) => {
  await customer.tab.setViewportSize({ width: 390, height: 844 })
  await customer.tab.reload()
  await customer.hasFocus(customer.tab.getByRole('heading', { name: 'The printer is on fire' }))
  await customer.tabTo(box(customer, 'Your reply'))
  await customer.tab.keyboard.type('It is out')
  await customer.tabTo(customer.tab.getByRole('button', { name: 'Send the reply' }))
  await customer.tab.keyboard.press('Enter')
  await message(colleague, 'It is out').waitFor()
  await customer.fits()
  await customer.shoot('phone-thread')
})
