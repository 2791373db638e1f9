import { useQuery } from '@apollo/client/react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { problemOf } from '../api/problem'
import { CustomerAccess } from './CustomerAccess'
import { CustomerTicketList } from './CustomerTickets'
import { Heading } from './Heading'
import { InteractionList } from './InteractionList'
import { NewInteraction } from './NewInteraction'
import { ProblemMessage } from './ProblemMessage'
import { TagEditor } from './Tags'

const CustomerWithInteractions = graphql(`
  query CustomerWithInteractions($id: ID!, $after: String) {
    customer(by: { id: $id }) {
      ...CustomerAccess
      phone
      tags {
        ...Tag
      }
      company
      interactions(first: 10, after: $after) {
        ...InteractionPage
      }
    }
  }
`)

/** A customer, their interactions and the tickets on these, in one query. */
export function CustomerDetails({ id }: { id: string }) {
  const { data, error, fetchMore } = useQuery(CustomerWithInteractions, { variables: { id } })
  if (error) return <ProblemMessage problem={problemOf(error)} />
  if (!data) return <p className="empty">…</p>
  if (!data.customer) return <p className="empty">There is no such customer.</p>
  const { name, company, email, phone, tags, interactions } = data.customer
  return (
    <section className="details" aria-labelledby="customer">
      <a className="back" href={addressOf('staff')}>
        ← Customers
      </a>
      <Heading id="customer">{name}</Heading>
      <p className="facts">
        {company && <span>{company}</span>}
        {email && <a href={`mailto:${email}`}>{email}</a>}
        {phone && <a href={`tel:${phone}`}>{phone}</a>}
      </p>
      <CustomerAccess customer={data.customer} />
      <TagEditor id={id} tags={tags} />
      <CustomerTicketList id={id} />
      <NewInteraction customer={data.customer} />
      {interactions.edges.length === 0 && (
        <p className="facts">Begin with a meeting, a task or a follow-up: {name} is told by mail.</p>
      )}
      <InteractionList page={interactions} onMore={(after) => fetchMore({ variables: { after } })} />
    </section>
  )
}
