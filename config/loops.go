package config

import (
	"slices"
	"strconv"
	"strings"
)

// checkLoops refuses groups that contain themselves, at the member that closes
// the circle. Each circle is told once.
func checkLoops(l *loader, t *Table) {
	w := &loopWalk{loader: l, table: t, entries: make(map[string]any), done: make(map[string]bool)}
	for _, e := range t.entries(l.cfg) {
		w.entries[t.KeyOf(e)] = e
	}
	for _, e := range t.entries(l.cfg) {
		w.visit(t.KeyOf(e))
	}
}

type loopWalk struct {
	*loader
	table   *Table
	entries map[string]any
	path    []string // the groups being visited, outermost first
	done    map[string]bool
}

func (w *loopWalk) visit(group string) {
	if w.done[group] {
		return
	}
	w.path = append(w.path, group)
	for _, list := range []string{"member", "exclude-member"} {
		a := w.table.Attribute(list)
		if a == nil {
			continue
		}
		for _, m := range a.Words(w.entries[group]) {
			if w.entries[m] == nil { // an address or a service
				continue
			}
			if i := slices.Index(w.path, m); i >= 0 {
				w.complain(w.entries[group], list, "%s %q: expected no loop: %s", list, m, circle(w.path[i:]))
				continue
			}
			w.visit(m)
		}
	}
	w.path = w.path[:len(w.path)-1]
	w.done[group] = true
}

// circle reads `"a" > "b" > "a"`.
func circle(groups []string) string {
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(strconv.Quote(g) + " > ")
	}
	return b.String() + strconv.Quote(groups[0])
}
