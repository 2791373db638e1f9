import { useApolloClient, useQuery } from '@apollo/client/react'
import { useId, useRef, useState } from 'react'
import { graphql } from '../api/generated'
import type { TagFragment } from '../api/generated/graphql'
import { type Problem, problemOf } from '../api/problem'
import { Field, Form } from './Form'
import { ProblemMessage } from './ProblemMessage'

graphql(`
  fragment Tag on Tag {
    id
    name
    color
  }
`)

graphql(`
  fragment Tagged on Tagged {
    ... on Ticket {
      id
      tags {
        ...Tag
      }
    }
    ... on Customer {
      id
      tags {
        ...Tag
      }
    }
  }
`)

const AllTags = graphql(`
  query AllTags {
    tags(first: 100) {
      nodes {
        ...Tag
      }
    }
  }
`)

const TagsNamed = graphql(`
  query TagsNamed($name: String!) {
    tags(first: 20, where: { name: { eq: $name } }) {
      nodes {
        ...Tag
      }
    }
  }
`)

const CreateTag = graphql(`
  mutation CreateTag($input: CreateTagInput!) {
    createTag(input: $input) {
      tag {
        ...Tag
      }
    }
  }
`)

const AddTags = graphql(`
  mutation AddTags($input: AddTagsInput!) {
    addTags(input: $input) {
      tagged {
        ...Tagged
      }
    }
  }
`)

const RemoveTags = graphql(`
  mutation RemoveTags($input: RemoveTagsInput!) {
    removeTags(input: $input) {
      tagged {
        ...Tagged
      }
    }
  }
`)

/** The tags of something in a list. */
export function Tags({ tags }: { tags: readonly TagFragment[] }) {
  return tags.map(({ id, name, color }) => (
    <span key={id} className="tag">
      <span className="dot" style={{ background: color }} /> {name}
    </span>
  ))
}

/** The tags of a ticket or a customer. The staff take them off and put others on, also new ones. */
export function TagEditor({ id, tags }: { id: string; tags: readonly TagFragment[] }) {
  const client = useApolloClient()
  const options = useId()
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<Problem>()
  const { data } = useQuery(AllTags)
  const known = data?.tags?.nodes ?? []

  async function add(values: FormData) {
    const name = String(values.get('name')).trim()
    const tagId = named(known, name)?.id ?? (await find(name)) ?? (await create(name))
    if (tagId) await client.mutate({ mutation: AddTags, variables: { input: { id, tagIds: [tagId] } } })
  }

  /** Finds a tag that isn't among the first ones. */
  async function find(name: string): Promise<string | undefined> {
    const { data } = await client.query({ query: TagsNamed, variables: { name }, fetchPolicy: 'network-only' })
    return named(data?.tags?.nodes ?? [], name)?.id
  }

  async function create(name: string): Promise<string | undefined> {
    const { data } = await client.mutate({
      mutation: CreateTag,
      variables: { input: { name } },
      refetchQueries: [AllTags],
    })
    return data?.createTag?.tag.id
  }

  async function remove(tagId: string) {
    setProblem(undefined)
    try {
      await client.mutate({ mutation: RemoveTags, variables: { input: { id, tagIds: [tagId] } } })
      input.current?.focus()
    } catch (error) {
      setProblem(problemOf(error))
    }
  }

  return (
    <div className="tags">
      <ul aria-label="Tags">
        {tags.map((tag) => (
          <li key={tag.id}>
            <Tags tags={[tag]} />
            <button
              type="button"
              className="link"
              aria-label={`Take the tag ${tag.name} off`}
              onClick={() => remove(tag.id)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {problem && <ProblemMessage problem={problem} />}
      <Form label="Add a tag" submitLabel="Add" onSubmit={add}>
        <Field label="Tag" name="name">
          {(control) => <input {...control} ref={input} list={options} autoComplete="off" required />}
        </Field>
        <datalist id={options}>
          {known.map(({ id, name }) => (
            <option key={id} value={name} />
          ))}
        </datalist>
      </Form>
    </div>
  )
}

function named(tags: readonly TagFragment[], name: string): TagFragment | undefined {
  return tags.find((tag) => tag.name.toLowerCase() === name.toLowerCase())
}
