import assert from 'node:assert/strict'
import { home, scenario } from './stage.mjs'
import {
  box,
  choose,
  has,
  message,
  ofNote,
  ofReply,
  openTicket,
  raise,
  reload,
  reply,
  sendFrom,
  type,
} from './thread.mjs'

// What staff write on a ticket: drafts, copies and changes.

scenario('what one is writing is there again after a reload, until it is sent', async ({ colleague }) => {
  await openTicket(colleague, await raise('The coffee is cold'))
  await type(colleague, ofReply, 'Have you tried')
  await reload(colleague)
  await has(colleague, ofReply, 'Have you tried')

  // What was typed just before the ticket is left, too; and for whom it is.
  await choose(colleague, 'Internal note')
  await box(colleague, ofNote).fill('')
  await type(colleague, ofNote, 'He has not tried anything')
  await colleague.tab.goto(`${home()}#staff/tickets`)
  await colleague.tab.getByRole('heading', { name: 'Messages' }).waitFor({ state: 'detached' })
  await colleague.tab.goBack()
  await has(colleague, ofNote, 'He has not tried anything')
  await colleague.sees('Draft saved')

  // A draft of a note that becomes a reply is gone, too.
  await choose(colleague, 'Reply to the customer')
  const deleted = colleague.answerTo('DeleteDraft')
  await sendFrom(colleague, ofReply)
  await message(colleague, 'He has not tried anything').waitFor()
  await deleted
  await has(colleague, ofReply, '')
  await reload(colleague)
  await message(colleague, 'He has not tried anything').waitFor()
  assert.equal(await box(colleague, ofReply).inputValue(), '')
})

scenario('nothing can be typed that would be lost when the text before it has been sent', async ({ colleague }) => {
  const answer = await colleague.holdAnswer('ReplyToTicket')
  await reply(colleague, 'Have you tried to heat it?')
  await answer.isHeld
  await type(colleague, ofReply, ' And to stir it?')
  assert.equal(await box(colleague, ofReply).inputValue(), 'Have you tried to heat it?')
  answer.release()
  await has(colleague, ofReply, '')
  await message(colleague, 'Have you tried to heat it?').waitFor()
  await type(colleague, ofReply, 'And to stir it?')
  await colleague.sees('Draft saved')
})

scenario('a draft is saved and deleted when the server can be reached again', async ({ colleague }) => {
  const savingWorks = await colleague.cutOff('SaveDraft')
  await choose(colleague, 'Internal note')
  await type(colleague, ofNote, ' With milk?')
  await colleague.isTold('Your draft isn’t saved')
  await savingWorks()
  await colleague.sees('Draft saved')

  const deletingWorks = await colleague.cutOff('DeleteDraft')
  await choose(colleague, 'Reply to the customer')
  await sendFrom(colleague, ofReply)
  await message(colleague, 'With milk?').waitFor()
  await colleague.isTold('Your old draft isn’t deleted')
  // It doesn't reappear, where it could be sent to the customer.
  assert.equal(await box(colleague, ofReply).inputValue(), '')
  assert.equal(await colleague.tab.getByText('Draft saved').count(), 0)
  await deletingWorks()
  await colleague.tab.getByRole('alert').waitFor({ state: 'detached' })
  await reload(colleague)
  await message(colleague, 'With milk?').waitFor()
  assert.equal(await box(colleague, ofReply).inputValue(), '')
})

scenario('a draft that is emptied is gone, and one that can’t be saved says so', async ({ colleague }) => {
  await box(colleague, ofReply).fill('On second thoughts')
  await colleague.sees('Draft saved')
  const emptied = colleague.answerTo('DeleteDraft')
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
  await box(colleague, 'Copy to').fill('nobody')
  await box(colleague, ofReply).fill('')
  await type(colleague, ofReply, 'To all of you')
  await sendFrom(colleague, ofReply)
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

scenario('after the customer’s answer, staff are offered those who had copies before', async (people) => {
  const { colleague, customer } = people
  await reply(customer, 'I listen')
  await message(colleague, 'I listen').waitFor()
  await has(colleague, 'Copy to', '')
  await colleague.tab.getByRole('button', { name: 'Copy to jo@example.com' }).waitFor()
  await colleague.press('Copy to sam@example.com')
  await has(colleague, 'Copy to', 'sam@example.com')
})
