package control

import (
	"fmt"
	"net/http"
	"strings"
)

// VIP is a virtual IP and how many sessions came through it.
type VIP struct {
	ID            uint16   `json:"id"` // its place in the configuration, those of vip6 behind those of vip
	Name          string   `json:"name"`
	Family        Family   `json:"family"`
	Status        bool     `json:"status"`
	Type          string   `json:"type"`
	ExtIP         string   `json:"extip"` // an address, or the two ends of a range
	ExtIntf       string   `json:"extintf"`
	MappedIP      []string `json:"mappedip"`
	PortForward   bool     `json:"portforward"`
	Protocol      string   `json:"protocol,omitempty"` // with portforward, as the two below
	ExtPort       string   `json:"extport,omitempty"`
	MappedPort    string   `json:"mappedport,omitempty"`
	SrcFilter     []string `json:"src_filter,omitempty"`
	SrcIntfFilter []string `json:"srcintf_filter,omitempty"`
	Service       []string `json:"service,omitempty"`
	ARPReply      bool     `json:"arp_reply"`
	NATSource     bool     `json:"nat_source_vip"`
	Sessions      int      `json:"sessions"` // live ones
}

// vips are the virtual IPs. No session knows the one that it came through: each is
// asked for it as its first packet was, so that those of one that was changed
// since count for nobody.
func (w *walker) vips() ([]VIP, error) {
	all, of := w.source.VIPs()
	if len(all) == 0 {
		return []VIP{}, nil
	}
	counts := map[uint16]int{}
	if err := w.records(func(r *Record, _ Moment) { counts[of(&r.Session)]++ }); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Sessions = counts[all[i].ID]
	}
	return all, nil
}

func (s *Server) vips(w http.ResponseWriter, r *http.Request) {
	wk := &walker{source: s.source, names: s.names, pause: r.Context().Err}
	all, err := wk.vips()
	answer(w, all, err)
}

// VIPs is a list of virtual IPs.
type VIPs []VIP

// String is what diagnose firewall vip list prints.
func (l VIPs) String() string {
	var b strings.Builder
	for i := range l {
		l[i].write(&b)
	}
	fmt.Fprintf(&b, "total vip: %d\n", len(l))
	return b.String()
}

func (v *VIP) write(b *strings.Builder) {
	word := map[bool]string{true: "enable", false: "disable"}
	noun := "vip"
	if v.Family == Family6 {
		noun = "vip6"
	}
	fmt.Fprintf(b, "%s %s: id=%d, status=%s, type=%s, sessions=%d\n", noun, v.Name, v.ID, word[v.Status], v.Type, v.Sessions)
	fmt.Fprintf(b, "\textip=%s extintf=%s mappedip=%s\n", v.ExtIP, v.ExtIntf, strings.Join(v.MappedIP, ","))
	if v.PortForward {
		fmt.Fprintf(b, "\tprotocol=%s", v.Protocol)
		if v.ExtPort != "" {
			fmt.Fprintf(b, " extport=%s", v.ExtPort)
		}
		if v.MappedPort != "" {
			fmt.Fprintf(b, " mappedport=%s", v.MappedPort)
		}
		b.WriteString("\n")
	}
	for _, f := range []struct {
		name string
		list []string
	}{{"src-filter", v.SrcFilter}, {"srcintf-filter", v.SrcIntfFilter}, {"service", v.Service}} {
		if len(f.list) > 0 {
			fmt.Fprintf(b, "\t%s=%s\n", f.name, strings.Join(f.list, ","))
		}
	}
	fmt.Fprintf(b, "\tarp-reply=%s nat-source-vip=%s\n", word[v.ARPReply], word[v.NATSource])
}
