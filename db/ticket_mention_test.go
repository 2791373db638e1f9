package db

import (
	"slices"
	"testing"

	"crm/db/store"
)

// TestMentioned reads whom notes name.
func TestMentioned(t *testing.T) {
	t.Parallel()
	names := []string{"Asha Rao", "Asha", "Bob Lee", "Bob Marley", "José Álvarez", "Anna-Lena Berg", "Kim Young", "Kim Young Ho", "李雷", "Dup Name", "Dup Name", ""}
	users := make([]*User, len(names))
	for i, name := range names {
		users[i] = &User{ID: store.NewID(), Name: name}
	}
	for _, test := range []struct {
		text string
		want []int
	}{
		{"nobody", nil},
		{"@Asha Rao please", []int{0}},
		{"@asha RAO, please", []int{0}},
		{"@Asha please", []int{1}},
		{"@Asha Raoul please", []int{1}},
		{"@Bob please", nil}, // there are two
		{"(@Bob Lee) and @Bob  Marley", []int{2, 3}},
		{"@jose and\n@José Álvarez", []int{4}},
		{"@Anna-Lena Berg.", []int{5}},
		{"@Anna-Lena", []int{5}},
		{"@Kim Young Ho's", []int{7}},
		{"@Kim Young", []int{6}},
		{"请@李雷看", []int{8}},
		{"@Dup Name", []int{9, 10}},
		{"write to bob@asha.example or asha@crm.example", nil},
		{"@ Asha, @, @@Asha", []int{1}},
		{"@", nil},
		{"@\xff", nil},
	} {
		var got []int
		for _, id := range mentioned(test.text, users) {
			got = append(got, slices.IndexFunc(users, func(u *User) bool { return u.ID == id }))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q names %v, want %v", test.text, got, test.want)
		}
	}
}
