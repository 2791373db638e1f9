package transport

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The types of messages of graphql-transport-ws.
const (
	messageInit      = "connection_init"
	messageAck       = "connection_ack"
	messagePing      = "ping"
	messagePong      = "pong"
	messageSubscribe = "subscribe"
	messageNext      = "next"
	messageError     = "error"
	messageComplete  = "complete"
)

// maxOperationID is the maximum length of an operation's id: it must fit into a close reason.
const maxOperationID = 64

// socketMessage is a message from a client.
type socketMessage struct {
	ID      string         `json:"id"`
	Type    string         `json:"type"`
	Payload jsontext.Value `json:"payload"`
}

// parseSocketMessage reads a message. problem describes how it violates the protocol.
func parseSocketMessage(text []byte) (message socketMessage, problem string) {
	if unmarshalJSON(text, &message) != nil {
		return message, "The message must be a JSON object with type, id and payload"
	}
	if message.Payload = bytes.TrimSpace(message.Payload); string(message.Payload) == "null" {
		message.Payload = nil
	}
	isObject := len(message.Payload) > 0 && message.Payload[0] == '{'
	switch message.Type {
	case messageInit, messagePing, messagePong:
		if message.Payload != nil && !isObject {
			return message, "The payload must be an object"
		}
		return message, ""
	case messageSubscribe:
		if !isObject {
			return message, "The payload of a subscribe message must be an object"
		}
	case messageComplete:
	default:
		return message, "The type of the message is not one that clients send"
	}
	if message.ID == "" || len(message.ID) > maxOperationID {
		return message, "The message must have an id, of 64 bytes at most"
	}
	return message, ""
}

// authorization returns the Authorization in a connection_init, and false if it is not a string.
func (m socketMessage) authorization() (authorization string, ok bool) {
	var payload map[string]jsontext.Value
	_ = unmarshalJSON(m.Payload, &payload)
	for name, value := range payload {
		if strings.EqualFold(name, "Authorization") {
			return authorization, unmarshalJSON(value, &authorization) == nil
		}
	}
	return "", true
}

// marshalMessage returns a message to a client; it omits an empty id or payload, which is JSON.
func marshalMessage(kind, id string, payload []byte) []byte {
	text := appendMessageStart(make([]byte, 0, len(payload)+len(id)+40), kind, id)
	if len(payload) > 0 {
		text = append(append(text, `,"payload":`...), payload...)
	}
	return append(text, '}')
}

// appendMessageStart appends the beginning of a message.
func appendMessageStart(text []byte, kind, id string) []byte {
	text = append(append(append(text, `{"type":"`...), kind...), '"')
	if id != "" {
		quoted, _ := json.Marshal(id)
		text = append(append(text, `,"id":`...), quoted...)
	}
	return text
}
