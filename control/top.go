package control

import (
	"fmt"
	"slices"
	"strings"
)

// Top says who has the most sessions.
type Top struct {
	By          string   `json:"by"`
	Rows        []TopRow `json:"rows"`
	Sessions    int      `json:"sessions"`    // that were counted
	Approximate bool     `json:"approximate"` // there were too many to count every one
}

// TopRow is one of them.
type TopRow struct {
	Key      string `json:"key"`
	Name     string `json:"name,omitempty"` // of a policy
	Sessions int    `json:"sessions"`
	Sent     uint64 `json:"sent"`     // bytes of the original direction, of live sessions
	Received uint64 `json:"received"` // bytes of the reply direction
}

// TopKeys are what sessions can be counted by.
var TopKeys = []string{"source", "destination", "policy"}

// topBound is how many different keys are counted at once. A flood from random
// sources must not take the firewall's memory.
const topBound = 1 << 16

// top counts the sessions that the query chooses.
func (w *walker) top(by string, n int) (*Top, error) {
	t := &Top{By: by}
	rows := map[value]*TopRow{}
	err := w.sessions(func(s *Session) {
		t.Sessions++
		k := topKey(by, s)
		r := rows[k]
		if r == nil {
			if len(rows) >= topBound {
				prune(rows)
				t.Approximate = true
			}
			r = &TopRow{}
			if rows[k] = r; by == "policy" {
				r.Name = s.PolicyName
			}
		}
		r.Sessions++
		r.Sent += s.Original.Bytes
		r.Received += s.Reply.Bytes
	})
	for k, r := range rows {
		if r.Key = k.addr.String(); by == "policy" {
			r.Key = fmt.Sprint(k.number)
		}
		t.Rows = append(t.Rows, *r)
	}
	slices.SortFunc(t.Rows, func(a, b TopRow) int {
		if a.Sessions != b.Sessions {
			return b.Sessions - a.Sessions
		}
		return strings.Compare(a.Key, b.Key)
	})
	t.Rows = slices.Clone(t.Rows[:min(n, len(t.Rows))])
	return t, err
}

func topKey(by string, s *Session) value {
	switch by {
	case "source":
		return value{addr: s.Original.Src}
	case "destination":
		return value{addr: s.Original.Dst}
	}
	return value{number: int64(s.Policy)}
}

// prune forgets the keys with the fewest sessions, at least half of all.
func prune(rows map[value]*TopRow) {
	counts := make([]int, 0, len(rows))
	for _, r := range rows {
		counts = append(counts, r.Sessions)
	}
	slices.Sort(counts)
	median := counts[len(counts)/2]
	for k, r := range rows {
		if r.Sessions <= median {
			delete(rows, k)
		}
	}
}

// String is a table.
func (t *Top) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s %-16s %-16s %s\n", "SESSIONS", "SENT-BYTES", "RECEIVED-BYTES", strings.ToUpper(t.By))
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "%-10d %-16d %-16d %s", r.Sessions, r.Sent, r.Received, r.Key)
		if r.Name != "" {
			fmt.Fprintf(&b, " %s", r.Name)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "total session: %d", t.Sessions)
	if t.Approximate {
		b.WriteString(" (too many different ones: counts may be too small)")
	}
	b.WriteString("\n")
	return b.String()
}
