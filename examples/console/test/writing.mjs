import assert from 'node:assert/strict'
import { home, scenario } from './stage.mjs'
import { box, message, openTicket, raise, reload, reply } from './thread.mjs'

// What staff write on a ticket: drafts, copies and changes.

const ofReply = 'Your reply'
const ofNote = 'Note, which customers never see'

/** Waits until the text box has a text. */
async function has(who, label, text) {
  await who.tab.waitForFunction(
    ([element, text]) => element.value === text,
    [await box(who, label).elementHandle(), text],
  )
}

scenario('what one is writing is there again after a reload, until it is sent', async ({ colleague }) => {
  await openTicket(colleague, await raise('The coffee is cold'))
  await box(colleague, ofReply).fill('Have you tried')
  await colleague.sees('Draft saved')
  await reload(colleague)
  await has(colleague, ofReply, 'Have you tried')

  // What was typed just before the page is left, too; and for whom it is.
  await colleague.tab.getByRole('radio', { name: 'Internal note' }).check()
  await box(colleague, ofNote).fill('He has not tried anything')
  await colleague.follow('Tickets')
  await colleague.tab.goBack()
  await has(colleague, ofNote, 'He has not tried anything')
  await colleague.sees('Draft saved')
  await reload(colleague)
  await has(colleague, ofNote, 'He has not tried anything')

  // A draft of a note that becomes a reply is gone, too.
  await colleague.tab.getByRole('radio', { name: 'Reply to the customer' }).check()
  await reply(colleague, 'Have you tried to heat it?')
  await message(colleague, 'Have you tried to heat it?').waitFor()
  await has(colleague, ofReply, '')
  await reload(colleague)
  await message(colleague, 'Have you tried to heat it?').waitFor()
  assert.equal(await box(colleague, ofReply).inputValue(), '')
})

scenario('a draft that is emptied is gone, and one that can’t be saved says so', async ({ colleague }) => {
  await box(colleague, ofReply).fill('On second thoughts')
  await colleague.sees('Draft saved')
  const emptied = colleague.tab.waitForResponse((response) => response.request().postData()?.includes('deleteDraft'))
  await box(colleague, ofReply).fill('')
  await emptied
  await reload(colleague)
  assert.equal(await box(colleague, ofReply).inputValue(), '')

  await box(colleague, ofReply).fill('x'.repeat(10_001))
  await colleague.isTold('Your draft isn’t saved')
  await box(colleague, ofReply).fill('Shorter')
  await colleague.sees('Draft saved')
})

scenario('a reply that can’t be sent stays, also as a draft', async ({ colleague }) => {
  await colleague.fill('Reply', { 'Your reply': 'To all of you', 'Copy to': 'nobody' })
  await colleague.isTold(/^Copy to /)
  assert.equal(await box(colleague, ofReply).inputValue(), 'To all of you')
  await colleague.sees('Draft saved')
})

scenario('staff have a reply copied, and everybody sees to whom', async ({ server, colleague, customer }) => {
  await box(colleague, 'Copy to').fill('jo@example.com, sam@example.com')
  await colleague.press('Send the reply')
  await message(colleague, 'To all of you').getByText('copied to jo@example.com, sam@example.com').waitFor()
  assert.equal(await server.mailTo('jo@example.com', 'To all of you'), 'jo@example.com')
  // The next reply goes to the same people, unless its author takes one out.
  assert.equal(await box(colleague, 'Copy to').inputValue(), 'jo@example.com, sam@example.com')
  await colleague.fill('Reply', { 'Your reply': 'To one of you', 'Copy to': 'sam@example.com' })
  await message(colleague, 'To one of you').getByText('copied to sam@example.com', { exact: true }).waitFor()
  await colleague.shoot('copies')

  await customer.tab.goto(`${home()}${new URL(colleague.tab.url()).hash.replace('staff', 'customer')}`)
  await message(customer, 'To one of you').getByText('copied to sam@example.com').waitFor()
  assert.equal(await box(customer, 'Copy to').count(), 0)
})

scenario('admins see what a message said before it was edited', async ({ staff, colleague }) => {
  await message(colleague, 'To one of you').getByRole('button', { name: 'Edit' }).click()
  await colleague.fill('Edit the message', { Text: 'To the one of you who listens' })
  const edited = message(colleague, 'To the one of you who listens')
  await edited.getByText('edited', { exact: true }).waitFor()
  assert.equal(await edited.getByText('Earlier texts').count(), 0)

  await staff.tab.goto(colleague.tab.url())
  const seen = message(staff, 'To the one of you who listens')
  await seen.getByText('Earlier texts').focus()
  await staff.tab.keyboard.press('Enter')
  await seen.getByRole('list', { name: 'Earlier texts' }).getByText('To one of you', { exact: true }).waitFor()
  await staff.shoot('earlier-texts')
})
