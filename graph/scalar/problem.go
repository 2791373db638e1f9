package scalar

import (
	"encoding/json"
	"strconv"
)

// Problem describes what is wrong with the JSON value of a scalar (numbers as json.Number), or returns "". gqlgen alone
// would accept the number 5 for a String and the string "5" for an Int.
func Problem(name string, value any) string {
	switch name {
	case "Int":
		if number, ok := value.(json.Number); ok {
			if _, err := strconv.ParseInt(number.String(), 10, 32); err == nil {
				return ""
			}
		}
		return "must be a whole number of at most 32 bits"
	case "Float":
		if number, ok := value.(json.Number); ok {
			if _, err := number.Float64(); err == nil {
				return ""
			}
		}
		return "must be a number"
	case "Boolean":
		if _, ok := value.(bool); !ok {
			return "must be true or false"
		}
	case "String", "EmailAddress":
		if _, ok := value.(string); !ok {
			return "must be a string"
		}
	case "ID":
		return idProblem(value)
	case "DateTime":
		if _, err := UnmarshalDateTime(value); err != nil {
			return err.Error()
		}
	}
	return ""
}

func idProblem(value any) string {
	if number, ok := value.(json.Number); ok {
		if _, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
			return ""
		}
	} else if _, ok := value.(string); ok {
		return ""
	}
	return "must be an id, which is a string"
}
