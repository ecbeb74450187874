"""What has no spec of its own, each with the reason; kept short."""

from __future__ import annotations


def _all(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


# public functions and Tensor methods without a spec: name -> reason
EXEMPT: dict[str, str] = {
    "vmap": "takes a function: tests/test_func.py",
    **_all("checkpoints: tests/serialization", "load save"),
    **_all(
        "state of a tensor, no computation: tests/test_tensor_core.py",
        """Tensor.dim Tensor.ndimension Tensor.size Tensor.numel Tensor.nelement Tensor.element_size Tensor.is_complex
        Tensor.is_floating_point Tensor.is_signed Tensor.is_inference Tensor.get_device Tensor.pin_memory
        Tensor.is_shared Tensor.as_subclass Tensor.cuda is_storage is_tensor""",
    ),
    **_all("conversion to and from Python and NumPy: tests/test_convert.py",
           "Tensor.item Tensor.tolist Tensor.numpy from_numpy from_dlpack frombuffer "),
    **_all("the tape itself: tests/test_engine.py, tests/views",
           """Tensor.backward Tensor.detach Tensor.detach_ Tensor.requires_grad_ Tensor.register_hook Tensor.retain_grad
           Tensor.register_post_accumulate_grad_hook is_grad_enabled is_inference_mode_enabled"""),
    **_all("memory layout: tests/views, tests/test_indexing.py",
           """Tensor.is_contiguous Tensor.resize_ Tensor.resize_as_ resize_as_
           Tensor.storage_offset Tensor.stride """
           "Tensor.storage Tensor.untyped_storage Tensor.data_ptr Tensor.is_set_to Tensor.set_"),
    **_all("sparse tensors: tests/test_sparse.py, tests/compat",
           "Tensor.coalesce Tensor.dense_dim Tensor.indices Tensor.is_coalesced Tensor.sparse_dim Tensor.to_dense "
           "Tensor.to_sparse Tensor.values"),
    **_all("it warns: tests/test_script_gaps.py", "range"),
    **_all("state of the generator: tests/test_random_state.py", "set_rng_state"),
    **_all("settings: tests/test_dtypes.py",
           """get_default_dtype set_default_dtype set_printoptions are_deterministic_algorithms_enabled
           get_float32_matmul_precision get_num_interop_threads get_num_threads
           is_deterministic_algorithms_warn_only_enabled set_float32_matmul_precision set_num_interop_threads
           set_num_threads use_deterministic_algorithms"""),
    **_all("a Python function, strides or a flag; older forms of other functions: tests/programs/arguments.txt",
           "Tensor.apply_ Tensor.map_ Tensor.dim_order Tensor.is_conj Tensor.is_neg Tensor.nonzero_static Tensor.lu"),
    **_all("settings: tests/compat/test_amp.py",
           """get_autocast_cpu_dtype get_autocast_dtype get_autocast_gpu_dtype is_autocast_cpu_enabled
           is_autocast_enabled"""),
    **_all("of modules and names: tests/compat/test_paths.py, tests/test_summary.py", "compile summary typename"),
    **_all("settings: tests/compat/test_paths.py",
           "get_deterministic_debug_mode set_deterministic_debug_mode set_flush_denormal"),
    **_all("of sparse tensors: tests/test_sparse.py", "dsmm smm sparse_coo_tensor spmm"),
    "linalg.LinAlgError": "an exception class",
    "view_as_complex": "refuses the strided inputs that a spec draws: tests/test_complex_views.py",
}  # fmt: skip

# layers without a spec: name -> reason
NO_LAYER: dict[str, str] = {
    "nn.DataParallel": "a wrapper with keys of its own: tests/test_script_gaps.py",
    "nn.Module": "the base class: tests/nn/test_module.py, test_module_hooks.py, test_module_state.py",
    "nn.NLLLoss2d": "a deprecated name of NLLLoss: tests/nn/test_layers.py",
}

# parameters of layers that no spec varies: "layer" or "layer.parameter" -> reason
UNVARIED: dict[str, str] = {
    **_all("where and what, not how: the dtypes of the spec, tests/test_standin.py", "device dtype"),
    **_all("deprecated: parity/specs/loss.py", "size_average reduce"),
    **_all(
        "only 'zeros' is accepted",
        " ".join(f"nn.{lazy}ConvTranspose{n}d.padding_mode" for lazy in ("", "Lazy") for n in (1, 2, 3)),
    ),
    **_all(
        "with weights torch's forgets num_features when it is loaded: tests/nn/test_layers.py",
        " ".join(f"nn.LazyInstanceNorm{n}d.{name}" for name in ("affine", "bias") for n in (1, 2, 3)),
    ),
    **_all(
        "a float32 run with dropout can't be judged by a float64 run: tests/nn/test_transformer.py, test_attention.py",
        """nn.MultiheadAttention.dropout nn.TransformerEncoderLayer.dropout nn.TransformerDecoderLayer.dropout
           nn.Transformer.dropout""",
    ),
    **_all(
        "a whole layer of the user's: tests/nn/test_transformer.py",
        "nn.Transformer.custom_encoder nn.Transformer.custom_decoder",
    ),
    **_all("no gradient is sparse here", "nn.Embedding.sparse nn.EmbeddingBag.sparse"),
    "nn.EmbeddingBag.scale_grad_by_freq": "torch divides by the count of some other row: tests/test_nn_embedding.py",
    "nn.LinearCrossEntropyLoss.options": "says how torch is to compute",
    "nn.SyncBatchNorm.process_group": "there are no other processes to ask",
    "nn.RNNBase": "RNN, LSTM and GRU vary what it takes",
    "nn.Transformer.d_model": "one width will do",
}

# layers of torch's that are not here: name -> reason
NOT_HERE: dict[str, str] = {
    "Container": "deprecated for years, and nothing but Module",
}

# derivatives that no spec reaches: "op:input" -> reason
UNREACHED: dict[str, str] = {
    **_all("flat: the gradient is zero wherever it exists",
           "sign:x ceil:x floor:x trunc:x round:x floor_quotient:x,y trunc_quotient:x,y nextafter:y copysign:y"),
    **_all("zero by definition", """copy:x fill:x zero:x drawn_over:x normal_draw:mean normal_draw:std binomial:count
           binomial:prob"""),
    **_all("only in place, where it is zero: tests/test_operators.py", "eq_:x ne_:x lt_:x le_:x gt_:x ge_:x"),
    **_all("raises, as torch's does",
           """ctc_loss_grad:g,log_probs histc:x unique:x unique_consecutive:x floor_divide:x,y heaviside:x,values
           igamma:x igammac:x zeta:x geqrf:x standard_gamma_grad:a
           dirichlet_grad:x,a,total ldl_factor:x ldl_solve:LD,b"""),
    **_all("raises: a third derivative", "grid_sample_second:gx,ggrid,g,x,grid"),
    **_all("draws of distributions: tests/test_distributions.py", "standard_gamma:a dirichlet:a"),
    **_all("reached at a singular matrix only, where torch's gradient is 0: tests/test_linalg.py",
           "minor:x minor_spread:x cofactors:x"),
    **_all("torch's is wrong where places repeat: tests/test_memory.py", "as_strided_scatter:x"),
    **_all("torch's refuses the strided inputs that a spec draws: tests/test_nn_pool.py", "max_unpool:x from_places:x"),
    **_all("refuses the strided inputs that a spec draws: tests/test_complex_views.py", "view_as_complex:x"),
    **_all("torch's forgets the frequencies: tests/test_nn_embedding.py", "embedding_grad_adjoint:w"),
    **_all("of histories that in-place changes rewrite: tests/views",
           "strided_view:x strided_take:x strided_spread:x strided_replace:x strided_replace:y"),
    **_all("between devices: tests/test_standin.py", "transfer:x"),
}  # fmt: skip

# mutations that change nothing: ("op:input", mutation) -> reason
UNNOTICED: dict[tuple[str, str], str] = {}

# operations that a stand-in for CUDA can't run: name -> reason
NO_STANDIN: dict[str, str] = {
    "get_device": "tells where the tensor is",
    "Tensor.get_device": "tells where the tensor is",
}
