package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const guide = "../docs/configuration.md"

// fence is a code block of the guide.
type fence struct {
	info, text string
	start, end int // byte offsets of the text
}

func fences(page string) (all []fence) {
	at := 0
	var open *fence
	for line := range strings.SplitAfterSeq(page, "\n") {
		switch {
		case !strings.HasPrefix(line, "```"):
		case open == nil:
			open = &fence{info: strings.TrimSpace(line[3:]), start: at + len(line)}
		default:
			open.end = at
			open.text = page[open.start:open.end]
			all = append(all, *open)
			open = nil
		}
		at += len(line)
	}
	return all
}

// TestGuide holds the guide to its word: a toml block parses; one marked
// "part" does on top of a few interfaces; one marked "mistaken" is answered
// with what the block after it shows.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	const around = "\n[[system.interface]]\nname = \"lan\"\n[[system.interface]]\nname = \"wan\"\n"
	kinds := make(map[string]int)
	all := fences(page)
	for i, f := range all {
		kinds[f.info]++
		switch f.info {
		case "toml":
			roundTrip(t, mustParse(t, f.text))
		case "toml part":
			roundTrip(t, mustParse(t, f.text+around))
		case "toml mistaken":
			_, diags := Parse("portcullis.toml", []byte(f.text))
			answer := diags.Error() + "\n"
			shown := all[i+1]
			if *update {
				page = page[:shown.start] + answer + page[shown.end:]
				if err := os.WriteFile(guide, []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(shown.text, answer); diff != "" {
				t.Errorf("the answer shown is not the answer given (-shown +given):\n%s", diff)
			}
		}
	}
	for _, k := range []string{"toml", "toml part", "toml mistaken"} {
		if kinds[k] == 0 {
			t.Errorf("no block %q: this test tests nothing", k)
		}
	}
}
