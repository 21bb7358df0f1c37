"""Security groups and launch templates of nodes, and the placement groups that ACK has no kind for."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paddock.infrastructure.resource import AckObject, Block, Json, Reference, Site, present, tag_list
from paddock.names import digest

GROUP = "ec2.services.k8s.aws"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Traffic that a security group lets in or out: all of it, or TCP ports; from or to a group or an address range."""

    direction: str
    """in or out."""
    peer: str
    """Key of a SecurityGroup of the inventory, or a CIDR range."""
    ports: tuple[int, int] | None = None
    """First and last TCP port; None is all protocols."""

    @property
    def is_range(self) -> bool:
        return "/" in self.peer

    @property
    def name(self) -> str:
        """A part of a key; a group may have the same ports for several ranges."""
        ports = f"-{self.ports[0]}-{self.ports[1]}" if self.ports else ""
        return f"{self.direction}-{self.peer.replace('.', '-').replace('/', '-')}{ports}"

    def ack(self) -> dict[str, Json]:
        """As ACK's SecurityGroup has it."""
        ports = {"fromPort": self.ports[0], "toPort": self.ports[1]} if self.ports else {}
        if self.is_range:
            peer: Json = {"ipRanges": [{"cidrIP": self.peer}]}
        else:
            group = Reference(type="aws_security_group", key=self.peer)
            peer = {"userIDGroupPairs": [{"groupRef": group.ack}]}
        return {"ipProtocol": "tcp" if self.ports else "-1", **ports, **peer}

    def block(self, group: str) -> Block:
        """As Terraform's rule resource has it."""
        ports = {"from_port": self.ports[0], "to_port": self.ports[1]} if self.ports else {}
        peer: Json = (
            {"cidr_ipv4": self.peer}
            if self.is_range
            else {"referenced_security_group_id": Reference(type="aws_security_group", key=self.peer, attribute="id")}
        )
        owner = Reference(type="aws_security_group", key=group, attribute="id")
        return Block(
            type=f"aws_vpc_security_group_{'ingress' if self.direction == 'in' else 'egress'}_rule",
            key=f"{group}-{self.name}",
            arguments={"security_group_id": owner, "ip_protocol": "tcp" if self.ports else "-1", **ports, **peer},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group in a VPC (an id, or a reference to one)."""

    key: str
    name: str
    description: str
    vpc: str | Reference
    rules: tuple[Rule, ...]
    tags: Mapping[str, str]

    @property
    def reference(self) -> Reference:
        return Reference(type="aws_security_group", key=self.key, attribute="id")

    def ack(self, site: Site) -> Iterator[AckObject]:
        spec = present(
            {
                "name": self.name,
                "description": self.description,
                "vpcID": self.vpc,
                "ingressRules": [rule.ack() for rule in self.rules if rule.direction == "in"],
                "egressRules": [rule.ack() for rule in self.rules if rule.direction == "out"],
                "tags": tag_list({**site.tags, "Name": self.name, **self.tags}),
            }
        )
        yield AckObject(group=GROUP, kind="SecurityGroup", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        arguments = {
            "name": self.name,
            "description": self.description,
            "vpc_id": self.vpc,
            "tags": {"Name": self.name, **self.tags},
        }
        yield Block(type="aws_security_group", key=self.key, arguments=arguments)
        yield from (rule.block(self.key) for rule in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTemplate:
    """Disks, metadata service and capacity block of a node group. Subnets stand at the node group, never here
    (gpu-platform.md 8 #26)."""

    key: str
    base_name: str
    volume_gib: int
    volume_device: str = "/dev/xvda"
    instance_type: str | None = None
    """Only with a capacity block, which wants it here (gpu-platform.md 3.5)."""
    capacity_reservation: str | None = None
    performance: tuple[int, int] | None = None
    """Operations and MiB a second of the volume; None is what gp3 gives by itself."""
    user_data: str | None = None
    """Of nodeadm in MIME form, or Bottlerocket's: EKS adds its own part."""

    @property
    def name(self) -> str:
        """The base name and 8 hex digits of the content: a template of a name never changes."""
        content: tuple[object, ...] = (
            self.volume_gib,
            self.volume_device,
            self.instance_type,
            self.capacity_reservation,
        )
        # What came later counts where it is stated, so that other templates keep their names.
        content += tuple(one for one in (self.performance, self.user_data) if one is not None)
        return f"{self.base_name}-{digest(repr(content))}"

    def ack(self, site: Site) -> Iterator[AckObject]:
        tags = tag_list({**site.tags, "Name": self.base_name})
        volume = {"volumeSize": self.volume_gib, "volumeType": "gp3", "encrypted": True, "deleteOnTermination": True}
        volume |= self._performance()
        target = {"capacityReservationID": self.capacity_reservation}
        data = present(
            {
                "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
                "blockDeviceMappings": [{"deviceName": self.volume_device, "ebs": volume}],
                "tagSpecifications": [{"resourceType": kind, "tags": tags} for kind in ("instance", "volume")],
                "instanceType": self.instance_type,
                "userData": self._user_data(),
                "instanceMarketOptions": {"marketType": "capacity-block"} if self.capacity_reservation else None,
                "capacityReservationSpecification": {"capacityReservationTarget": target}
                if self.capacity_reservation
                else None,
            }
        )
        spec = {"name": self.name, "data": data, "tags": tag_list(site.tags)}
        yield AckObject(group=GROUP, kind="LaunchTemplate", key=self.key, spec=spec)

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        tags = dict(sorted({**site.tags, "Name": self.base_name}.items()))
        ebs = {
            "volume_size": self.volume_gib,
            "volume_type": "gp3",
            "encrypted": "true",
            "delete_on_termination": "true",
            **self._performance(),
        }
        target = [{"capacity_reservation_id": self.capacity_reservation}]
        arguments = {
            "name": self.name,
            "metadata_options": [
                {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}
            ],
            "block_device_mappings": [{"device_name": self.volume_device, "ebs": [ebs]}],
            "tag_specifications": [{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
            "instance_type": self.instance_type,
            "user_data": self._user_data(),
            "instance_market_options": [{"market_type": "capacity-block"}] if self.capacity_reservation else None,
            "capacity_reservation_specification": [{"capacity_reservation_target": target}]
            if self.capacity_reservation
            else None,
            "lifecycle": [{"create_before_destroy": True}],
        }
        yield Block(type="aws_launch_template", key=self.key, arguments=present(arguments))

    def _performance(self) -> dict[str, int]:
        return dict(zip(("iops", "throughput"), self.performance, strict=True)) if self.performance else {}

    def _user_data(self) -> str | None:
        return base64.b64encode(self.user_data.encode()).decode() if self.user_data else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementGroup:
    """A cluster placement group. ACK's EC2 controller has no such kind (gpu-platform.md 1.2), so Terraform makes it
    whatever makes the rest."""

    key: str
    name: str

    def ack(self, site: Site) -> Iterator[AckObject]:
        yield from ()

    def terraform(self, site: Site, provider: int) -> Iterator[Block]:
        yield Block(type="aws_placement_group", key=self.key, arguments={"name": self.name, "strategy": "cluster"})
