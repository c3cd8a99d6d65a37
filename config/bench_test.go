package config

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParse reads a file as large as a large firewall's: 10,000 policies
// and as many addresses.
func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("[[system.interface]]\nname = \"lan\"\n")
	for i := range 10000 {
		fmt.Fprintf(&text, "[[firewall.address]]\nname = \"a%d\"\nsubnet = \"10.0.%d.%d/32\"\n", i, i>>8, i&255)
		fmt.Fprintf(&text, "[[firewall.policy]]\npolicyid = %d\nname = \"p%d\"\nsrcintf = \"lan\"\ndstintf = \"any\"\n", i+1, i)
		fmt.Fprintf(&text, "srcaddr = [\"a%d\"]\ndstaddr = \"all\"\nschedule = \"always\"\nservice = [\"HTTP\", \"DNS\"]\n", i)
	}
	source := []byte(text.String())
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, diags := Parse("big", source); len(diags) > 0 {
			b.Fatal(diags[0])
		}
	}
}
