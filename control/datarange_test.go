package control

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// What is awaited is listed with data ranges, which nobody can take out.
func TestAwaited(t *testing.T) {
	f := gallery()
	f.await()
	c := serve(t, f)
	text := ""
	for _, form := range []Form{FormBlock, FormShort, FormJSON} {
		var b bytes.Buffer
		if err := c.ListExpectations(t.Context(), Query{}, form, &b); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("# %s\n%s\n", form, b.String())
	}
	golden(t, "awaited.txt", text)
	for filters, want := range map[string]int{
		"dport 50050":                   2,
		"dport 50100 60000":             2,
		"dport 50101 60000":             0,
		"negate dport dport 50050":      3,
		"dst 191.2.16.148":              1,
		"src 10.9.9.9":                  1, // of any host
		"src 10.9.9.9 sport 7 proto 17": 1,
		"policy 4":                      5,
	} {
		got := listed(t, c.ListExpectations, Query{Filter: filter(t, filters)}, FormBlock)
		if !strings.HasSuffix(got, fmt.Sprintf("total session: %d\n", want)) {
			t.Errorf("%s: expected %d: %s", filters, want, got)
		}
	}
	n, err := c.Clear(t.Context(), Query{})
	if err != nil || n.Expectations != 3 || len(f.forgotten) != 3 {
		t.Errorf("cleared %+v, %v", n, err)
	}
}
