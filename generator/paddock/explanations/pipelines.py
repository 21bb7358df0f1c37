"""Findings about pipelines of Argo Workflows."""

from __future__ import annotations

from paddock.explanations.explanation import explain

SOURCE = "https://argo-workflows.readthedocs.io/en/latest/fields/"

EXPLANATIONS = {
    "argo-expression": explain(
        "Double braces in a command, argument, variable, parameter or annotation of a pipeline.",
        "Argo Workflows replaces what stands in them, wherever it is, and has no way to write them as they are: the "
        "step would run with another text, or the workflow end in an error.",
        "Read the variables of the pipeline's parameters in the program, take files as inputs, and keep templates with "
        "double braces in the image.",
    ),
    "gpu-step-without-queue": explain(
        "A step with GPUs in a pipeline without a queue, on a cluster where Kueue runs.",
        "It would take GPUs past the quota of all teams, and runs that Kueue admitted would wait for nodes.",
        "Name the team's queue.",
    ),
    "pods-not-queued": explain(
        "A pipeline with a queue on a cluster whose Kueue does not queue pods.",
        "Argo Workflows is queued by the pods of its steps alone; without the integration Kueue takes no notice of "
        "their labels, and they take GPUs past every quota.",
        "Add pod to the frameworks of the component kueue, or run the pipeline elsewhere.",
    ),
    "step-cycle": explain(
        "Steps of a pipeline that wait for each other in a circle, by dependsOn or inputs.",
        "None of them could ever begin, and Argo Workflows refuses the workflow.",
        "Take one of the dependencies out.",
    ),
    "unknown-output": explain(
        "A step takes an output that the named step does not make.",
        "The workflow would end in an error after all steps before it have run.",
        "Correct the name, or add the output to the step that makes it.",
    ),
    "unknown-step": explain(
        "A step depends on a step, or takes an output of one, that the pipeline does not have.",
        "Argo Workflows refuses the workflow when it starts, which is after the merge.",
        "Correct the name; the finding lists the pipeline's steps.",
    ),
}
