package config

import (
	"cmp"
	"slices"
)

// overlaps finds, for each of some ranges, the first of those before it that
// has an address in common with it and that clash finds to be in its way; -1
// where there is none. It looks at pairs only that lie near each other, so
// that a thousand ranges cost no million looks.
func overlaps(ranges []IPRange, clash func(before, behind int) bool) []int {
	order := make([]int, 0, len(ranges))
	first := make([]int, len(ranges))
	for i, r := range ranges {
		first[i] = -1
		if r.IsSet() {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(ranges[a].Start.Compare(ranges[b].Start), a-b)
	})
	for n, a := range order {
		for _, b := range order[n+1:] {
			if !ranges[a].Overlaps(ranges[b]) {
				break
			}
			before, behind := min(a, b), max(a, b)
			if (first[behind] < 0 || before < first[behind]) && clash(before, behind) {
				first[behind] = before
			}
		}
	}
	return first
}

// line is where the entry of a table stands, for a message about another.
func (l *loader) line(entry any) int { return l.spots[entry].node.line }

// boxAddress finds an interface's own address in a range.
func (l *loader) boxAddress(r IPRange) *owned {
	for _, i := range l.cfg.Interfaces {
		for _, a := range addressesOf(i) {
			if r.Contains(a.prefix.Addr()) {
				return &a
			}
		}
	}
	return nil
}
