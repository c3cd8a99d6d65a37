package config

import (
	"fmt"
	"slices"
	"strings"
)

// Diagnostic is one mistake in a configuration, placed where the operator can
// go and mend it.
type Diagnostic struct {
	File   string
	Line   int // from 1; 0 where the mistake has no line
	Column int // from 1; 0 where unknown
	Text   string
}

// String is the line shown to the operator: "portcullis.toml:41: firewall
// policy 12: service "web": no such service".
func (d Diagnostic) String() string {
	switch {
	case d.File == "":
		return d.Text
	case d.Line == 0:
		return d.File + ": " + d.Text
	}
	return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Text)
}

// Diagnostics are all the mistakes of one reading, in the order of the file.
// Every one of them is an error: where there is one there is no Config.
type Diagnostics []Diagnostic

// Error prints one mistake per line.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Err is ds as an error, nil where ds is empty: a plain assignment to error
// would make an interface that is never nil.
func (ds Diagnostics) Err() error {
	if len(ds) == 0 {
		return nil
	}
	return ds
}

// sort puts the mistakes in the order of the file. It is stable, so mistakes
// on one spot keep the order of finding, which is deterministic.
func (ds Diagnostics) sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}

// didYouMean is " (did you mean "x"?)" for the nearest of the words, or "".
func didYouMean(typed string, words []string) string {
	best, least := "", len(typed)
	for _, w := range words {
		d := distance(strings.ToLower(typed), strings.ToLower(w))
		if d < least && d <= max(1, min(len(typed), len(w))/3) {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b: the slips of a typing hand.
func distance(a, b string) int {
	const longest = 64 // no attribute is longer; keeps a hostile key cheap
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var before, last, row [longest + 1]int
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
