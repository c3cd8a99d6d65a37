package config

import (
	"fmt"
	"strconv"
)

// portSpan is the codec of a port or a range of ports; "" is unset.
func portSpan() codec[PortSpan] {
	t := Type{Name: "port or range", Range: "a port or a range of ports, 1-65535, such as 8080 or 8000-8010"}
	return scalar(t, func(s string) (p PortSpan, err error) {
		if s == "" {
			return p, nil
		}
		low, high, ok := parsePorts(s)
		if !ok || low == 0 {
			return p, fmt.Errorf("expected %s", t.Range)
		}
		return PortSpan{low, high}, nil
	}, PortSpan.String)
}

// portSpanOrAny is portSpan where FortiOS's 0 stands for any port.
func portSpanOrAny() codec[PortSpan] {
	c := portSpan()
	t := Type{Name: "port, range or 0", Range: "0, " + c.Range}
	return scalar(t, func(s string) (p PortSpan, err error) {
		if s == "0" {
			return p, nil
		}
		if s == "" || c.add(&p, s) != nil {
			return PortSpan{}, fmt.Errorf("expected %s", t.Range)
		}
		return p, nil
	}, func(p PortSpan) string {
		if !p.IsSet() {
			return "0"
		}
		return p.String()
	})
}

// portSpans is a list of ports and ranges; as elsewhere one string may hold
// several.
func portSpans() codec[[]PortSpan] {
	one := portSpan()
	c := list(one)
	c.Name, c.Spaced = "list of ports and ranges", true
	c.add = func(all *[]PortSpan, word string) error {
		if word == "" {
			return fmt.Errorf("expected %s", one.Range)
		}
		return list(one).add(all, word)
	}
	return c
}

// IsSet tells a range from the zero value.
func (p PortSpan) IsSet() bool { return p.High != 0 }

// Len is how many ports there are in the range; none in the zero value.
func (p PortSpan) Len() int {
	if !p.IsSet() {
		return 0
	}
	return int(p.High) - int(p.Low) + 1
}

// Overlaps says whether a port is in both ranges.
func (p PortSpan) Overlaps(q PortSpan) bool {
	return p.IsSet() && q.IsSet() && p.Low <= q.High && q.Low <= p.High
}

// String is the range as FortiOS writes it, "" for the zero value.
func (p PortSpan) String() string {
	switch {
	case !p.IsSet():
		return ""
	case p.Low == p.High:
		return strconv.Itoa(int(p.Low))
	}
	return ports(p.Low, p.High)
}
