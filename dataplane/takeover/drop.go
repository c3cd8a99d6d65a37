package takeover

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const tcActShot = 2 // linux/pkt_cls.h: drop the packet

// attachDrop makes the kernel drop what the device receives, behind the packet
// taps: by a tcx program, or where there is none or it is not permitted (as in
// the namespace of an unprivileged user) by an nftables chain.
func attachDrop(l netlink.Link) (dropper, error) {
	removeTable(l.Attrs().Name) // of a killed run
	d, err := attachTCX(l.Attrs().Index)
	if err == nil {
		return d, nil
	}
	t, err2 := attachTable(l.Attrs().Name)
	if errors.Is(err, os.ErrPermission) && errors.Is(err2, os.ErrPermission) {
		return nil, unix.EPERM
	}
	if err2 != nil {
		return nil, fmt.Errorf("tcx: %w; nftables: %w", err, err2)
	}
	return t, nil
}

// tcx is a bpf link that drops; the kernel detaches it when the process ends.
type tcx struct{ link link.Link }

func attachTCX(index int) (tcx, error) {
	prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "portcullis_drop", Type: ebpf.SchedCLS, License: "Dual MIT/GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, tcActShot), asm.Return()},
	})
	if err != nil {
		return tcx{}, err
	}
	defer prog.Close() // the link holds it
	l, err := link.AttachTCX(link.TCXOptions{
		Interface: index, Program: prog, Attach: ebpf.AttachTCXIngress, Anchor: link.Head(),
	})
	return tcx{l}, err
}

func (t tcx) Close() error   { return t.link.Close() }
func (t tcx) method() string { return "tcx" }

// table is an nftables table whose only chain drops at ingress.
type table string

// tableOf is the table of a device; one for each, so that they end singly.
func tableOf(device string) *nftables.Table {
	return &nftables.Table{Name: "portcullis_" + device, Family: nftables.TableFamilyNetdev}
}

func attachTable(device string) (table, error) {
	c, err := nftables.New()
	if err != nil {
		return "", err
	}
	policy := nftables.ChainPolicyDrop
	c.AddChain(&nftables.Chain{
		Name: "ingress", Table: c.AddTable(tableOf(device)), Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookIngress, Priority: nftables.ChainPriorityFirst,
		Policy: &policy, Device: device,
	})
	return table(device), c.Flush()
}

// removeTable removes the table of a device, where there is one.
func removeTable(device string) error {
	c, err := nftables.New()
	if err != nil {
		return err
	}
	// Adding first makes removing one that is not there no error.
	c.DelTable(c.AddTable(tableOf(device)))
	return c.Flush()
}

func (t table) Close() error   { return removeTable(string(t)) }
func (t table) method() string { return "nftables" }
