import { useMutation } from '@apollo/client/react'
import { graphql } from '../api/generated'
import type { InteractionKind } from '../api/generated/graphql'
import { addToList, newestFirst } from '../api/lists'
import { Field, FoldedForm } from './Form'
import { kindLabels, Options } from './labels'

const CreateInteraction = graphql(`
  mutation CreateInteraction($input: CreateInteractionInput!) {
    createInteraction(input: $input) {
      interaction {
        ...Interaction
      }
    }
  }
`)

export function NewInteraction({ customer }: { customer: { __typename?: 'Customer'; id: string } }) {
  const [create] = useMutation(CreateInteraction, {
    update(cache, { data }) {
      const interaction = data?.createInteraction?.interaction
      const list = { owner: customer, field: 'interactions', place: newestFirst } as const
      if (interaction) addToList(cache, list, interaction, true)
    },
  })
  const submit = (values: FormData) =>
    create({
      variables: {
        input: {
          customerId: customer.id,
          title: String(values.get('title')),
          kind: values.get('kind') as InteractionKind,
          startTime: new Date(String(values.get('startTime'))).toISOString(),
          durationMinutes: Number(values.get('durationMinutes')) || null,
          location: String(values.get('location')) || null,
        },
      },
    })
  return (
    <FoldedForm label="Plan an interaction" submitLabel="Plan" onSubmit={submit}>
      <Field label="Title" name="title">
        {(control) => <input {...control} required />}
      </Field>
      <div className="row">
        <Field label="Kind" name="kind">
          {(control) => (
            <select {...control}>
              <Options labels={kindLabels} />
            </select>
          )}
        </Field>
        <Field label="Begins" name="startTime">
          {(control) => <input {...control} type="datetime-local" required />}
        </Field>
        <Field label="Minutes" name="durationMinutes">
          {(control) => <input {...control} type="number" min="1" />}
        </Field>
        <Field label="Place" name="location">
          {(control) => <input {...control} />}
        </Field>
      </div>
    </FoldedForm>
  )
}
