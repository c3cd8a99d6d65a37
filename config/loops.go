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
	for _, list := range memberLists {
		for _, m := range w.members(group, list) {
			if w.entries[m] == nil { // an address or a service
				continue
			}
			if i := slices.Index(w.path, m); i >= 0 {
				w.tell(w.path[i:])
				continue
			}
			w.visit(m)
		}
	}
	w.path = w.path[:len(w.path)-1]
	w.done[group] = true
}

// memberLists are the attributes that put a group into another.
var memberLists = []string{"member", "exclude-member"}

func (w *loopWalk) members(group, list string) []string {
	a := w.table.Attribute(list)
	if a == nil { // service groups exclude nothing
		return nil
	}
	return a.Words(w.entries[group])
}

// tell reports a circle of groups at the last of them that the file speaks of;
// the factory's groups make no circle by themselves.
func (w *loopWalk) tell(groups []string) {
	for i, g := range slices.Backward(groups) {
		s := w.spots[w.entries[g]]
		if s == nil {
			continue
		}
		inner := groups[(i+1)%len(groups)]
		for _, list := range memberLists {
			if at := slices.Index(w.members(g, list), inner); at >= 0 {
				w.report(s.item(list, at), s.noun, "%s %q: expected no loop: %s", list, inner, circle(groups))
				return
			}
		}
	}
}

// circle reads `"a" > "b" > "a"`.
func circle(groups []string) string {
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(strconv.Quote(g) + " > ")
	}
	return b.String() + strconv.Quote(groups[0])
}
