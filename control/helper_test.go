package control

import (
	"encoding/json"
	"testing"
)

// What the commands about session helpers print.
func TestHelpers(t *testing.T) {
	c := serve(t, gallery())
	helpers, err := c.Helpers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "helper-list.txt", helpers.String())
	golden(t, "helper-info.txt", helpers.Bindings())
	text, err := json.MarshalIndent(helpers, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "helpers.json", string(text)+"\n")
}
