package route

import (
	"net/netip"

	"github.com/gaissmai/bart"
)

// activate chooses the active routes of each prefix and enters them.
func (t *Table) activate(down func(ifIndex uint16) bool) {
	chosen := make(map[netip.Prefix]candidate)
	for _, c := range t.all {
		if !c.route.Blackhole && down(c.route.Out) {
			continue
		}
		if old, ok := chosen[c.prefix]; !ok || c.better(old) {
			chosen[c.prefix] = c
			t.best.Insert(c.prefix, c.route)
		}
	}
	nearest := make(map[through]candidate)
	for _, c := range t.all {
		if c.route.Blackhole || down(c.route.Out) || c.route.Distance > chosen[c.prefix].route.Distance {
			continue
		}
		at := through{c.route.Out, c.prefix}
		if old, ok := nearest[at]; !ok || c.better(old) {
			nearest[at] = c
			t.leadBack(c)
		}
		w := way{c.route.Out, c.route.Hop}
		if t.ways[w] == nil {
			if t.ways == nil {
				t.ways = make(map[way]*bart.Lite)
			}
			t.ways[w] = new(bart.Lite)
		}
		t.ways[w].Insert(c.prefix)
	}
}

// through is a prefix that an interface has routes to.
type through struct {
	out    uint16
	prefix netip.Prefix
}

// leadBack enters c as its interface's route to its prefix.
func (t *Table) leadBack(c candidate) {
	for int(c.route.Out) >= len(t.back) {
		t.back = append(t.back, nil)
	}
	if t.back[c.route.Out] == nil {
		t.back[c.route.Out] = new(bart.Table[Route])
	}
	t.back[c.route.Out].Insert(c.prefix, c.route)
}

// better says whether c forwards rather than old, which has the same prefix and
// was configured before it.
func (c candidate) better(old candidate) bool {
	if c.route.Distance != old.route.Distance {
		return c.route.Distance < old.route.Distance
	}
	return c.priority < old.priority
}
