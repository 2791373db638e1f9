package main

// The operations, as clients send them. Orders are explicit, so the comparison depends on no default.
const (
	nestedQuery = `query Customers($after: String) {
  customers(first: 50, after: $after, orderBy: [{field: CREATED_AT, direction: DESC}]) {
    nodes {
      id
      name
      email
      company
      createdAt
      interactions(first: 5, orderBy: [{field: CREATED_AT, direction: DESC}]) {
        nodes {
          id
          title
          kind
          startTime
          status
          tickets(first: 3, orderBy: [{field: CREATED_AT, direction: DESC}]) {
            nodes {
              id
              description
              status
              priority
              createdAt
            }
          }
        }
      }
    }
  }
}`

	interactionQuery = `query Interaction($id: ID!) {
  interaction(id: $id) {
    id
    title
    description
    kind
    startTime
    status
    customer {
      id
      name
      email
      company
    }
    tickets(first: 10, orderBy: [{field: CREATED_AT, direction: DESC}]) {
      nodes {
        id
        description
        status
        priority
        createdAt
      }
    }
  }
}`

	openTicketsQuery = `query OpenTickets {
  tickets(first: 20, where: {status: {eq: OPEN}}, orderBy: [{field: CREATED_AT, direction: DESC}]) {
    nodes {
      id
      description
      status
      priority
      createdAt
      customer {
        name
      }
    }
  }
}`

	companyQuery = `query Company($company: String!, $interactions: Int!, $tickets: Int!) {
  people: customers(first: 50, where: {company: {eq: $company}}, orderBy: [{field: CREATED_AT, direction: DESC}]) {
    totalCount
    edges {
      node {
        ...Person
        recent: interactions(first: $interactions, orderBy: [{field: CREATED_AT, direction: DESC}]) {
          totalCount
          edges {
            node {
              ...Appointment
              requests: tickets(first: $tickets, orderBy: [{field: CREATED_AT, direction: DESC}]) {
                edges {
                  node {
                    ...Request
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

fragment Person on Customer {
  id
  name
  email
  company
  since: createdAt
}

fragment Appointment on Interaction {
  id
  title
  kind
  begin: startTime
  status
}

fragment Request on Ticket {
  id
  description
  status
  priority
  raised: createdAt
}`

	createTicketQuery = `mutation CreateTicket($input: CreateTicketInput!) {
  createTicket(input: $input) {
    ticket {
      id
      description
      status
      priority
      createdAt
    }
  }
}`

	logInCustomerQuery = `mutation LogIn($input: LogInInput!) {
  logInCustomer(input: $input) {
    customer {
      id
      name
      email
      company
    }
    tokens {
      accessToken
      refreshToken
      refreshTokenExpiresAt
    }
  }
}`

	logInAdminQuery = `mutation LogIn($input: LogInInput!) {
  logInUser(input: $input) {
    tokens {
      accessToken
    }
  }
}`

	cursorQuery = `query Cursor($at: DateTime!) {
  customers(first: 1, where: {createdAt: {eq: $at}}, orderBy: [{field: CREATED_AT, direction: DESC}]) {
    edges {
      cursor
    }
  }
}`
)
