// What visitors do on the page of a ticket.

import { home, stage } from './stage.mjs'

export const box = (who, label) => who.tab.getByRole('region', { name: 'Write' }).getByLabel(label, { exact: true })

/** Waits until a text box has a text. */
export async function has(who, label, text) {
  await who.tab.waitForFunction(
    ([element, text]) => element.value === text,
    [await box(who, label).elementHandle(), text],
  )
}

/** Writes in a text box, and stays in it: leaving it would save the draft. */
export async function type(who, label, text) {
  await box(who, label).focus()
  await who.tab.keyboard.type(text)
}

/** Sends a message from within its text box. */
export const sendFrom = (who, label) => box(who, label).evaluate((element) => element.form.requestSubmit())

/** Chooses who reads what is written. */
export const choose = (who, readers) => who.tab.getByRole('radio', { name: readers }).check()

export const ofReply = 'Your reply'
export const ofNote = 'Note, which customers never see'

export const reply = (who, text) => who.fill('Reply', { 'Your reply': text })

export const message = (who, text) =>
  who.tab.getByRole('list', { name: 'Messages', exact: true }).locator('> li').filter({ hasText: text })

/** Opens a ticket on a side, and waits for its thread. */
export async function openTicket(who, { id }, side = 'staff') {
  await who.tab.goto(`${home()}#${side}/${id}`)
  await who.tab.getByRole('heading', { name: 'Messages' }).waitFor()
}

/** Reloads the page of a ticket. */
export async function reload(who) {
  await who.tab.reload()
  await who.tab.getByRole('heading', { name: 'Messages' }).waitFor()
}

/** Raises a ticket as the customer, without the page. */
export async function raise(description) {
  const { accessToken } = await stage.customer.tokens('customer')
  const raise = 'mutation ($input: CreateTicketInput!) { createTicket(input: $input) { ticket { id number version } } }'
  return (await stage.server.send(raise, { input: { description } }, accessToken)).createTicket.ticket
}
