// Package deps pins what is about to be used. It goes once everything in it is.
package deps

import (
	_ "github.com/BurntSushi/toml"
	_ "github.com/cilium/ebpf/link"
	_ "github.com/gaissmai/bart"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/google/nftables"
	_ "github.com/jlaffaye/ftp"
	_ "github.com/mdlayher/packet"
	_ "github.com/pin/tftp/v3"
	_ "github.com/spf13/cobra"
	_ "github.com/vishvananda/netlink"
	_ "github.com/vishvananda/netns"
	_ "go.uber.org/zap"
	_ "go4.org/netipx"
	_ "goftp.io/server/v2"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "golang.org/x/tools/txtar"
	_ "gvisor.dev/gvisor/pkg/tcpip/header"
	_ "gvisor.dev/gvisor/pkg/tcpip/checksum"
)
