package helpers

import (
	"slices"
	"strings"

	"portcullis/packet"
)

// registry holds the built-in helpers by name. It is written by init functions
// only and read-only afterwards.
var registry = map[string]*Helper{}

// Register makes h known by its name. It keeps h, which must not change any
// more. It panics where h is incomplete or its name is taken: mistakes of the
// programmer, found at start-up.
func Register(h *Helper) {
	if why := h.incomplete(); why != "" {
		panic("helpers: " + h.Name + ": " + why)
	}
	if registry[h.Name] != nil {
		panic("helpers: " + h.Name + ": registered twice")
	}
	registry[h.Name] = h
}

// Lookup returns the helper of that name, nil where there is none.
func Lookup(name string) *Helper { return registry[name] }

// All returns every registered helper, sorted by name. The slice is the
// caller's.
func All() []*Helper {
	all := make([]*Helper, 0, len(registry))
	for _, h := range registry {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *Helper) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// incomplete says what h lacks, "" where it lacks nothing.
func (h *Helper) incomplete() string {
	switch {
	case h.Name == "":
		return "no name"
	case h.Inspect == nil:
		return "no Inspect"
	case len(h.Protocols) == 0:
		return "no protocol to be bound to"
	case h.MaxExpects < 1:
		return "MaxExpects is not positive"
	case h.Lifetime < 0:
		return "Lifetime is negative"
	case h.MaxHold < 0 || h.MaxHold > MaxHoldLimit:
		return "MaxHold is out of range"
	}
	for _, p := range h.Protocols {
		if p != packet.ProtoTCP && p != packet.ProtoUDP {
			return "bound to a protocol that is neither TCP nor UDP"
		}
	}
	return ""
}
