import { graphql } from './generated'

/** Tells whether customers may sign up, and how. */
export const CustomerSignup = graphql(`
  query CustomerSignup {
    customerSignup
  }
`)
