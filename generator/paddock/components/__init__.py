"""View-models of the components that need something computed. A component without an entry here has none.

A view's result is merged into the context of the component's templates (see `components.context`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from paddock.components import (
    argo_cd,
    argo_workflows,
    aws_efa_k8s_device_plugin,
    aws_fsx_csi_driver,
    aws_load_balancer_controller,
    dcgm_exporter,
    dra_driver_nvidia_gpu,
    external_dns,
    fluent_bit,
    gha_runner_scale_set_controller,
    gpu_operator,
    image_prepull,
    jupyterhub,
    karpenter,
    kserve,
    kube_prometheus_stack,
    kubeflow_trainer,
    kuberay_operator,
    kueue,
    kyverno,
    metrics_server,
    mlflow,
    nvidia_device_plugin,
    opencost,
    opensearch,
    opensearch_dashboards,
    opensearch_domain,
    overprovisioning,
)
from paddock.model import Cluster, Fleet, Json

Files = Mapping[str, str]
"""Literal files of a component's files/ folder, by name."""

View = Callable[[Fleet, Cluster, Mapping[str, Json], Files], dict[str, Json]]
"""Fleet, cluster, the component's settings on it and its files; gives what its templates need beside the context."""

VIEWS: dict[str, View] = {
    "argo-cd": argo_cd.view,
    "argo-workflows": argo_workflows.view,
    "aws-efa-k8s-device-plugin": aws_efa_k8s_device_plugin.view,
    "aws-fsx-csi-driver": aws_fsx_csi_driver.view,
    "aws-load-balancer-controller": aws_load_balancer_controller.view,
    "dcgm-exporter": dcgm_exporter.view,
    "dra-driver-nvidia-gpu": dra_driver_nvidia_gpu.view,
    "fluent-bit": fluent_bit.view,
    "external-dns": external_dns.view,
    "gha-runner-scale-set-controller": gha_runner_scale_set_controller.view,
    "gpu-operator": gpu_operator.view,
    "image-prepull": image_prepull.view,
    "jupyterhub": jupyterhub.view,
    "karpenter": karpenter.view,
    "kserve": kserve.view,
    "kube-prometheus-stack": kube_prometheus_stack.view,
    "kubeflow-trainer": kubeflow_trainer.view,
    "kuberay-operator": kuberay_operator.view,
    "kueue": kueue.view,
    "kyverno": kyverno.view,
    "metrics-server": metrics_server.view,
    "mlflow": mlflow.view,
    "nvidia-device-plugin": nvidia_device_plugin.view,
    "opensearch": opensearch.view,
    "opensearch-dashboards": opensearch_dashboards.view,
    "opensearch-domain": opensearch_domain.view,
    "opencost": opencost.view,
    "overprovisioning": overprovisioning.view,
}
