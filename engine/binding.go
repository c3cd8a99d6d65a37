package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
	"portcullis/session"
)

// bindings say which helper reads a session, and under which limits: what the
// policy that allows it names, else what the service object that admits it names,
// else the session helper table by protocol and port. The port is the one that
// the session leaves for.
type bindings struct {
	table    map[binding][]*helperEntry // in order of their ids, as all of them
	entries  []*helperEntry
	policies map[uint32][]uint8 // helpers by policy id, where it says anything; none: disable
	services map[uint32][]uint8 // likewise by the number of the service's name
	profiles []profile          // by number
}

// binding is what a session helper entry binds a helper to.
type binding struct {
	proto uint8
	port  uint16
}

// helperEntry is an entry of the session helper table that is in force.
type helperEntry struct {
	binding
	helper  uint8
	profile uint16
	all     bool              // it is for all clients
	from    policy.AddressSet // else for these
	loose   policy.AddressSet // third hosts whose endpoints may be announced
	config  *config.SessionHelper
}

// isFor says whether the entry is for the sessions of a client.
func (e *helperEntry) isFor(client packet.Addr) bool {
	return e.all || e.from.Has(client)
}

// disable is the word for no helper.
const disable = "disable"

func compileBindings(cfg *config.Config, names *Names) (*bindings, error) {
	b := &bindings{table: map[binding][]*helperEntry{}, policies: map[uint32][]uint8{}, services: map[uint32][]uint8{}}
	known, err := policy.NewAddresses(cfg, &names.hosts)
	if err != nil {
		return nil, err
	}
	byID := slices.Clone(cfg.Helpers)
	slices.SortStableFunc(byID, func(x, y *config.SessionHelper) int { return cmp.Compare(x.ID, y.ID) })
	for _, e := range byID {
		if err := b.add(e, known, names); err != nil {
			return nil, fmt.Errorf("system session-helper %d: %w", e.ID, err)
		}
	}
	for _, p := range cfg.Policies {
		if len(p.SessionHelper) > 0 {
			b.policies[p.PolicyID] = named(p.SessionHelper, names)
		}
	}
	for _, s := range cfg.Services {
		if s.Helper != "" && s.Helper != "auto" {
			b.services[names.ServiceNumber(s.Name)] = named([]string{s.Helper}, names)
		}
	}
	b.profiles = names.allProfiles()
	return b, nil
}

// add enters an entry of the table. One that is disabled, or whose helper is not
// built in, binds nothing: FortiOS's table names helpers that are yet to come.
func (b *bindings) add(e *config.SessionHelper, known *policy.Addresses, names *Names) error {
	n := names.helperNumber(e.Name)
	if !e.Status || n == 0 {
		return nil
	}
	if !names.reads(n, e.Protocol) {
		return fmt.Errorf("helper %q does not read protocol %d: expected %s",
			e.Name, e.Protocol, strings.Trim(fmt.Sprint(names.helper(n).Protocols), "[]"))
	}
	x := &helperEntry{binding: binding{proto: e.Protocol, port: e.Port}, helper: n, all: len(e.SrcAddr)+len(e.SrcAddr6) == 0, config: e}
	var err error
	if x.from, err = known.Set(e.SrcAddr, e.SrcAddr6); err != nil {
		return fmt.Errorf("srcaddr: %w", err)
	}
	if x.loose, err = known.Set(e.LooseAddr, e.LooseAddr6); err != nil {
		return fmt.Errorf("loose-addr: %w", err)
	}
	if x.profile, err = names.profileNumber(profileOf(e)); err != nil {
		return err
	}
	b.entries = append(b.entries, x)
	b.table[x.binding] = append(b.table[x.binding], x)
	return nil
}

// named are the numbers of those helpers that are built in.
func named(list []string, names *Names) []uint8 {
	all := []uint8{}
	for _, name := range list {
		if n := names.helperNumber(name); n != 0 && name != disable {
			all = append(all, n)
		}
	}
	return all
}

// of is the helper that reads s, which match allows, and the number of its limits;
// 0 where none does. by is the entry of the table that says so, nil where the policy
// or the service does.
func (b *bindings) of(s *session.Session, match policy.Match, names *Names) (helper uint8, profile uint16, by *helperEntry) {
	at := binding{proto: s.Key[packet.Original].Proto, port: s.Key[packet.Reply].SrcPort}
	client, entries := s.Key[packet.Original].Src, b.table[at]
	want, chosen := b.chosen(match)
	if !chosen {
		for _, e := range entries {
			if e.isFor(client) {
				return e.helper, e.profile, e
			}
		}
		return 0, 0, nil
	}
	for _, n := range want {
		if e := ofHelper(entries, n, client); e != nil {
			return n, e.profile, nil
		}
	}
	for _, n := range want {
		if names.reads(n, at.proto) {
			return n, b.limits(n, at.proto), nil
		}
	}
	return 0, 0, nil
}

// chosen are the helpers that the policy or the service names. It reports false
// where neither does, so that the table is asked.
func (b *bindings) chosen(m policy.Match) (want []uint8, ok bool) {
	if len(b.policies) != 0 {
		if want, ok = b.policies[m.Policy.ID]; ok {
			return want, true
		}
	}
	if len(b.services) != 0 {
		want, ok = b.services[m.Object]
	}
	return want, ok
}

// ofHelper is the entry of a helper for a client, or else the helper's first; nil
// where there is none.
func ofHelper(entries []*helperEntry, helper uint8, client packet.Addr) (first *helperEntry) {
	for _, e := range entries {
		switch {
		case e.helper != helper:
		case e.isFor(client):
			return e
		case first == nil:
			first = e
		}
	}
	return first
}

// limits are those of the first entry of a helper for a protocol: what holds on a
// port that is no entry's.
func (b *bindings) limits(helper, proto uint8) uint16 {
	for _, e := range b.entries {
		if e.helper == helper && e.proto == proto {
			return e.profile
		}
	}
	return 0
}

// bind gives a new session the helper that reads it, unless p, its first packet,
// shows that none can: its bytes are signed, or their beginning was missed.
func (w *Worker) bind(s *session.Session, p *Slot, m policy.Match) {
	n, limits, by := w.rules.bindings.of(s, m, w.names)
	if n != 0 && !signed(p) && !midway(p) {
		s.Helper, s.Bound, s.Profile = n, true, limits
		w.readFromNow(s, by)
	}
}

// limits are what the helper of s works under.
func (w *Worker) limits(s *session.Session) *profile { return &w.rules.bindings.profiles[s.Profile] }

// knowing is b with all profiles that names knows by now.
func (b *bindings) knowing(names *Names) *bindings {
	next := *b
	next.profiles = names.allProfiles()
	return &next
}
