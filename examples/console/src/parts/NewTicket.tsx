import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { InteractionFragment, Priority } from '../api/generated/graphql'
import { addToList } from '../api/lists'
import { Field, FoldedForm } from './Form'
import { Options, priorityLabels } from './labels'

const CreateTicket = graphql(`
  mutation CreateTicket($input: CreateTicketInput!) {
    createTicket(input: $input) {
      ticket {
        ...Ticket
      }
    }
  }
`)

export function NewTicket({ interaction }: { interaction: InteractionFragment }) {
  const [create] = useMutation(CreateTicket, {
    update(cache, { data }) {
      const ticket = data?.createTicket?.ticket
      if (ticket) addToList(cache, interaction, 'tickets', ticket, true)
    },
  })
  const submit = (values: FormData) =>
    create({
      variables: {
        input: {
          interactionId: interaction.id,
          description: String(values.get('description')),
          priority: values.get('priority') as Priority,
        },
      },
    })
  return (
    <FoldedForm label="Raise a ticket" submitLabel="Raise" onSubmit={submit}>
      <Field label="Description" name="description">
        {(control) => <textarea {...control} rows={2} required />}
      </Field>
      <Field label="Priority" name="priority">
        {(control) => (
          <select {...control} defaultValue="MEDIUM">
            <Options labels={priorityLabels} />
          </select>
        )}
      </Field>
    </FoldedForm>
  )
}
