import { useMutation } from '@apollo/client/react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { Field, FoldedForm } from './Form'

const CreateCustomer = graphql(`
  mutation CreateCustomer($input: CreateCustomerInput!) {
    createCustomer(input: $input) {
      customer {
        id
      }
    }
  }
`)

/** Creates a customer, and shows them. */
export function NewCustomer() {
  const [create] = useMutation(CreateCustomer, { refetchQueries: ['Customers'] })

  async function submit(values: FormData) {
    const { data } = await create({
      variables: {
        input: {
          name: String(values.get('name')),
          email: String(values.get('email')),
          company: String(values.get('company')) || null,
        },
      },
    })
    if (data?.createCustomer) window.location.hash = addressOf(data.createCustomer.customer.id)
  }

  return (
    <FoldedForm label="New customer" submitLabel="Create" onSubmit={submit}>
      <Field label="Name" name="name">
        {(control) => <input {...control} required />}
      </Field>
      <Field label="E-mail" name="email">
        {(control) => <input {...control} type="email" required />}
      </Field>
      <Field label="Company" name="company">
        {(control) => <input {...control} />}
      </Field>
    </FoldedForm>
  )
}
