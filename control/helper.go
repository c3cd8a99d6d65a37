package control

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Helper is a session helper: what binds it, and what became of the sessions that it
// was given to read and of what it announced, since the firewall started.
type Helper struct {
	Name     string            `json:"name"`
	Entries  []HelperEntry     `json:"entries"`
	Sessions int               `json:"sessions"` // that it reads now
	Hits     uint64            `json:"hits"`     // sessions that it was given to read
	Expected uint64            `json:"expected"` // expectations made
	Renewed  uint64            `json:"renewed"`  // those that were announced again
	Used     uint64            `json:"used"`     // sessions that they let in
	Expired  uint64            `json:"expired"`  // those whose time was over
	Voided   uint64            `json:"voided"`   // those that ended before
	Waiting  int               `json:"waiting"`  // those outstanding now
	Refused  map[string]uint64 `json:"refused"`  // announcements, by why
	Detached map[string]uint64 `json:"detached"` // sessions that it let go of, by why
}

// HelperEntry is an entry of the session helper table that is in force.
type HelperEntry struct {
	ID              uint32   `json:"id"`
	Protocol        uint8    `json:"protocol"`
	Port            uint16   `json:"port"`
	SrcAddr         []string `json:"srcaddr,omitempty"`
	SrcAddr6        []string `json:"srcaddr6,omitempty"`
	DataPorts       []string `json:"data_ports,omitempty"`
	MaxExpectations uint32   `json:"max_expectations,omitempty"`
	Lifetime        uint32   `json:"lifetime,omitempty"`
	TLSDataPorts    string   `json:"tls_data_ports,omitempty"`
	TLSDataLimit    uint32   `json:"tls_data_limit,omitempty"`
	Hits            uint64   `json:"hits"` // sessions that got their helper by it
}

// helpers are the session helpers. What they expect now is counted one by one.
func (w *walker) helpers() ([]Helper, error) {
	all := w.source.Helpers()
	waiting := map[string]int{}
	if err := w.expectations(func(s *Session) { waiting[s.Helper]++ }); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Waiting = waiting[all[i].Name]
	}
	return all, nil
}

func (s *Server) helpers(w http.ResponseWriter, r *http.Request) {
	wk := &walker{source: s.source, names: s.names, pause: r.Context().Err}
	all, err := wk.helpers()
	answer(w, all, err)
}

// Helpers is a list of session helpers.
type Helpers []Helper

// String is what diagnose sys session-helper list prints.
func (l Helpers) String() string {
	var b strings.Builder
	for i := range l {
		l[i].write(&b)
	}
	fmt.Fprintf(&b, "total helper: %d\n", len(l))
	return b.String()
}

// Bindings is what get system session-helper-info list prints: FortiOS's two blocks.
func (l Helpers) Bindings() string {
	var b strings.Builder
	b.WriteString("list builtin help module:\n")
	for i := range l {
		fmt.Fprintln(&b, l[i].Name)
	}
	b.WriteString("list session help:\n")
	for i := range l {
		for _, e := range l[i].Entries {
			fmt.Fprintf(&b, "help=%s, protocol=%d port=%d\n", l[i].Name, e.Protocol, e.Port)
		}
	}
	return b.String()
}

func (h *Helper) write(b *strings.Builder) {
	fmt.Fprintf(b, "helper %s: sessions=%d hits=%d expected=%d renewed=%d used=%d expired=%d voided=%d waiting=%d refused=%d detached=%d\n",
		h.Name, h.Sessions, h.Hits, h.Expected, h.Renewed, h.Used, h.Expired, h.Voided, h.Waiting, sum(h.Refused), sum(h.Detached))
	for i := range h.Entries {
		h.Entries[i].write(b)
	}
	if len(h.Refused) > 0 {
		b.WriteString("\trefused:")
		for _, why := range slices.Sorted(maps.Keys(h.Refused)) {
			fmt.Fprintf(b, " %s=%d", why, h.Refused[why])
		}
		b.WriteString("\n")
	}
	for _, why := range slices.Sorted(maps.Keys(h.Detached)) {
		fmt.Fprintf(b, "\tdetached: %d, %s\n", h.Detached[why], why)
	}
}

func (e *HelperEntry) write(b *strings.Builder) {
	fmt.Fprintf(b, "\tentry %d: protocol=%d port=%d", e.ID, e.Protocol, e.Port)
	for _, f := range []struct {
		name string
		list []string
	}{{"srcaddr", e.SrcAddr}, {"srcaddr6", e.SrcAddr6}, {"data-ports", e.DataPorts}} {
		if len(f.list) > 0 {
			fmt.Fprintf(b, " %s=%s", f.name, strings.Join(f.list, ","))
		}
	}
	for _, f := range []struct {
		name string
		n    uint32
	}{{"max-expectations", e.MaxExpectations}, {"lifetime", e.Lifetime}} {
		if f.n != 0 {
			fmt.Fprintf(b, " %s=%d", f.name, f.n)
		}
	}
	if e.TLSDataPorts != "" {
		fmt.Fprintf(b, " tls-data-ports=%s tls-data-limit=%d", e.TLSDataPorts, e.TLSDataLimit)
	}
	fmt.Fprintf(b, " hits=%d\n", e.Hits)
}

func sum(counts map[string]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}
