import { useQuery } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import { addressOf } from '../address'
import { graphql } from '../api/generated'
import { freshly } from '../api/lists'
import type { CustomerWhere } from '../api/generated/graphql'
import { problemOf } from '../api/problem'
import { useSettled } from '../settled'
import { Heading } from './Heading'
import { MoreButton } from './MoreButton'
import { NewCustomer } from './NewCustomer'
import { ProblemMessage } from './ProblemMessage'

const Customers = graphql(`
  query Customers($where: CustomerWhere, $after: String) {
    customers(first: 20, after: $after, where: $where, orderBy: [{ field: NAME }]) {
      totalCount
      edges {
        node {
          id
          name
          company
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`)

/**
 * Matches a part of the name, address, company or telephone number. `contains` needs at least three characters; a shorter
 * text uses `startsWith`.
 */
function matching(text: string): CustomerWhere | null {
  if (text === '') return null
  const part = text.length < 3 ? { startsWith: text } : { contains: text }
  const where: CustomerWhere[] = [{ name: part }, { email: part }, { company: part }]
  // A number is found by its digits, however it is written.
  if (/^[\d\s()+./-]*\d[\d\s()+./-]*$/.test(text)) where.push({ phone: part })
  return { or: where }
}

/** Moves the focus back to the customer whose details were closed. */
function useFocusOnReturn(chosen: string | undefined) {
  const list = useRef<HTMLUListElement>(null)
  const left = useRef(chosen)
  useEffect(() => {
    if (!chosen && left.current) {
      list.current?.querySelector<HTMLAnchorElement>(`a[href="${addressOf('staff', left.current)}"]`)?.focus()
    }
    left.current = chosen
  }, [chosen])
  return list
}

export function CustomerList({ chosen }: { chosen: string | undefined }) {
  const [search, setSearch] = useState('')
  const where = matching(useSettled(search.trim()))
  // There is no subscription to customers: this shows the cached list, and reads it again.
  const { data, previousData, error, fetchMore } = useQuery(Customers, {
    variables: { where },
    ...freshly,
  })
  const list = useFocusOnReturn(chosen)
  const customers = (data ?? previousData)?.customers
  return (
    <section className="customers" aria-labelledby="customers">
      <div className="titled">
        <Heading id="customers">Customers</Heading>
        {customers && <span className="count">{customers.totalCount}</span>}
      </div>
      <input
        type="search"
        aria-label="Search customers"
        placeholder="Name, company, e-mail, telephone"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <NewCustomer />
      {error && <ProblemMessage problem={problemOf(error)} />}
      <ul ref={list}>
        {customers?.edges.map(({ node: { id, name, company } }) => (
          <li key={id}>
            <a href={addressOf('staff', id)} aria-current={id === chosen ? 'page' : undefined}>
              {name}
              {company && <small>{company}</small>}
            </a>
          </li>
        ))}
      </ul>
      {customers?.totalCount === 0 && (
        <p className="empty">
          {where
            ? 'There is no such customer.'
            : 'There are no customers yet. Enter the first one with “New customer”.'}
        </p>
      )}
      {customers && (
        <MoreButton
          label="More customers"
          page={customers.pageInfo}
          onMore={(after) => fetchMore({ variables: { after } })}
        />
      )}
    </section>
  )
}
